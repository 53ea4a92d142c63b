using Longspan.Api.Kms;
using Longspan.Kernel;
using Longspan.Kernel.Access;
using Longspan.Kernel.Access.Policies;

namespace Longspan.Services.Kms.Rules;

/// <summary>Key policies: what makes a good one, and those that keys have from the start.</summary>
internal static class KeyPolicies
{
    public const string Name = "default";
    private const int MaximumLength = 32_768;

    /// <summary>The account itself may do everything, so its identity policies decide.</summary>
    public static string Default(CallContext call) => $$"""
        {
          "Version" : "2012-10-17",
          "Id" : "key-default-1",
          "Statement" : [ {
            "Sid" : "Enable IAM User Permissions",
            "Effect" : "Allow",
            "Principal" : {
              "AWS" : "arn:aws:iam::{{call.AccountId}}:root"
            },
            "Action" : "kms:*",
            "Resource" : "*"
          } ]
        }
        """;

    /// <summary>Everybody may use the key through its service, as far as that lets them; the account may look at it.</summary>
    public static string ManagedBy(CallContext call, string service, string title) => $$"""
        {
          "Version" : "2012-10-17",
          "Id" : "auto-{{service}}-1",
          "Statement" : [ {
            "Sid" : "Allow access through {{title}} for all principals in the account that are authorized to use {{title}}",
            "Effect" : "Allow",
            "Principal" : {
              "AWS" : "*"
            },
            "Action" : [ "kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:CreateGrant", "kms:DescribeKey" ],
            "Resource" : "*",
            "Condition" : {
              "StringEquals" : {
                "kms:CallerAccount" : "{{call.AccountId}}",
                "kms:ViaService" : "{{service}}.{{call.Region}}.amazonaws.com"
              }
            }
          }, {
            "Sid" : "Allow direct access to key metadata to the account",
            "Effect" : "Allow",
            "Principal" : {
              "AWS" : "arn:aws:iam::{{call.AccountId}}:root"
            },
            "Action" : [ "kms:Describe*", "kms:Get*", "kms:List*", "kms:RevokeGrant" ],
            "Resource" : "*"
          } ]
        }
        """;

    /// <summary>A new policy as it is stored, checked; also that its author can still change it, unless they asked to go without that check.</summary>
    public static async ValueTask<string> ReadAsync(KmsContext cx, string text, string keyArn, bool bypassLockoutCheck, CancellationToken stop)
    {
        if (text.Length is < 1 or > MaximumLength)
        {
            throw KmsFaults.Constraint("policy", $"Member must have length between 1 and {MaximumLength}, inclusive");
        }
        var policy = PolicyReader.TryRead(text, PolicyUse.Resource, out var fault) ?? throw new MalformedPolicyDocumentException(fault);
        var later = AccessContext.Of(cx.Call, await cx.Call.Cloud.Access.PrincipalOfAsync(cx.Caller, stop), new AccessDemand("kms:PutKeyPolicy", keyArn));
        if (!bypassLockoutCheck && !PolicyEvaluator.Allows(policy, later))
        {
            throw new MalformedPolicyDocumentException("The new key policy will not allow you to update the key policy in the future.");
        }
        var (bound, unknown) = await cx.Call.Cloud.Principals.BindAsync(text, PolicyUse.Resource, stop);
        return unknown is null ? bound : throw new MalformedPolicyDocumentException("Policy contains a statement with one or more invalid principals.");
    }

    public static void CheckName(string? name)
    {
        if (name is not (null or Name))
        {
            throw new NotFoundException($"No such policy exists: {name}");
        }
    }

    /// <summary>The stored policy's meaning.</summary>
    public static Policy Read(string text) => PolicyTexts.Read(text, PolicyUse.Resource);
}
