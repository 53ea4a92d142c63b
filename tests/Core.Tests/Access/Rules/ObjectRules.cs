using Longspan.Api.S3;

namespace Longspan.Core.Tests.Access.Rules;

internal static class ObjectRules
{
    public static readonly Rule[] OfS3 =
    [
        .. new[] { "CreateBucket", "DeleteBucket", "GetBucketLocation" }.Select(name => new Rule(name, new { Bucket = "files" }, $"s3:{name} arn:aws:s3:::files")),
        .. new[] { "DeleteObject", "GetObject", "PutObject" }.Select(
            name => new Rule(name, new { Bucket = "files", Key = "app/a.env" }, $"s3:{name} arn:aws:s3:::files/app/a.env")),
        new("HeadBucket", new { Bucket = "files" }, "s3:ListBucket arn:aws:s3:::files"),
        new("HeadObject", new { Bucket = "files", Key = "a" }, "s3:GetObject arn:aws:s3:::files/a"),
        new("ListBuckets", new { }, "s3:ListAllMyBuckets *"),
        new("ListObjectsV2", new { Bucket = "files", Prefix = "app/" }, "s3:ListBucket arn:aws:s3:::files s3:prefix=app/"),
        new("DeleteObjects", new { Bucket = "files", Delete = new Delete { Objects = [new() { Key = "a" }, new() { Key = "b" }] } },
            "s3:DeleteObject arn:aws:s3:::files/a", "s3:DeleteObject arn:aws:s3:::files/b"),
    ];
}
