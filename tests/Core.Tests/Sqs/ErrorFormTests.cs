using Longspan.Api.Shapes;
using Longspan.Api.Sqs;
using Longspan.Core.Tests.Wire;
using Longspan.Wire.Protocols;
using Xunit;

namespace Longspan.Core.Tests.Sqs;

/// <summary>How each error looks to clients of both protocols. The table is AWS's, written out so that a changed model shows here.</summary>
public sealed class ErrorFormTests
{
    private static readonly Dictionary<string, (string QueryCode, int Status)> Expected = new()
    {
        ["BatchEntryIdsNotDistinct"] = ("AWS.SimpleQueueService.BatchEntryIdsNotDistinct", 400),
        ["BatchRequestTooLong"] = ("AWS.SimpleQueueService.BatchRequestTooLong", 400),
        ["EmptyBatchRequest"] = ("AWS.SimpleQueueService.EmptyBatchRequest", 400),
        ["InvalidAddress"] = ("InvalidAddress", 404),
        ["InvalidAttributeName"] = ("InvalidAttributeName", 400),
        ["InvalidAttributeValue"] = ("InvalidAttributeValue", 400),
        ["InvalidBatchEntryId"] = ("AWS.SimpleQueueService.InvalidBatchEntryId", 400),
        ["InvalidIdFormat"] = ("InvalidIdFormat", 400),
        ["InvalidMessageContents"] = ("InvalidMessageContents", 400),
        ["InvalidSecurity"] = ("InvalidSecurity", 403),
        ["KmsAccessDenied"] = ("KMS.AccessDeniedException", 400),
        ["KmsDisabled"] = ("KMS.DisabledException", 400),
        ["KmsInvalidKeyUsage"] = ("KMS.InvalidKeyUsageException", 400),
        ["KmsInvalidState"] = ("KMS.InvalidStateException", 400),
        ["KmsNotFound"] = ("KMS.NotFoundException", 400),
        ["KmsOptInRequired"] = ("KMS.OptInRequired", 403),
        ["KmsThrottled"] = ("KMS.ThrottlingException", 400),
        ["MessageNotInflight"] = ("AWS.SimpleQueueService.MessageNotInflight", 400),
        ["OverLimit"] = ("OverLimit", 403),
        ["PurgeQueueInProgress"] = ("AWS.SimpleQueueService.PurgeQueueInProgress", 403),
        ["QueueDeletedRecently"] = ("AWS.SimpleQueueService.QueueDeletedRecently", 400),
        ["QueueDoesNotExist"] = ("AWS.SimpleQueueService.NonExistentQueue", 400),
        ["QueueNameExists"] = ("QueueAlreadyExists", 400),
        ["ReceiptHandleIsInvalid"] = ("ReceiptHandleIsInvalid", 404),
        ["RequestThrottled"] = ("RequestThrottled", 403),
        ["ResourceNotFoundException"] = ("ResourceNotFoundException", 404),
        ["TooManyEntriesInBatchRequest"] = ("AWS.SimpleQueueService.TooManyEntriesInBatchRequest", 400),
        ["UnsupportedOperation"] = ("AWS.SimpleQueueService.UnsupportedOperation", 400),
    };

    [Fact]
    public void EveryModelledErrorHasItsTypeCodeAndStatusInBothProtocols()
    {
        var errors = typeof(QueueDoesNotExist).Assembly.GetTypes()
            .Where(t => t.Namespace == typeof(QueueDoesNotExist).Namespace && t.IsSubclassOf(typeof(AwsError)))
            .Select(t => (AwsError)Activator.CreateInstance(t, "why")!).ToList();
        Assert.Equal(Expected.Keys.Order(), errors.Select(e => e.Code).Order());
        foreach (var error in errors)
        {
            var (code, status) = Expected[error.Code];
            using var json = ProtocolCodec.For(AwsProtocol.AwsJson10).EncodeError(SqsOperations.Service, error, Wired.RequestId);
            Assert.Equal($$"""{"__type":"com.amazonaws.sqs#{{error.Code}}","message":"why"}""", Wired.Text(json));
            Assert.Equal((status, $"{code};Sender"), (json.Status, Wired.Header(json, "x-amzn-query-error")));
            using var xml = ProtocolCodec.For(AwsProtocol.AwsQuery).EncodeError(SqsOperations.Service, error, Wired.RequestId);
            Assert.Contains($"<Type>Sender</Type><Code>{code}</Code><Message>why", Wired.Text(xml));
            Assert.Equal(status, xml.Status);
        }
    }

    [Fact]
    public void ErrorsOutsideTheModelCarryTheNamespaceOfAllServices()
    {
        var error = new AwsError("InvalidParameterValueException", "why", 400, "InvalidParameterValue");
        using var json = ProtocolCodec.For(AwsProtocol.AwsJson10).EncodeError(SqsOperations.Service, error, Wired.RequestId);
        Assert.Equal("""{"__type":"com.amazon.coral.service#InvalidParameterValueException","message":"why"}""", Wired.Text(json));
        Assert.Equal("InvalidParameterValue;Sender", Wired.Header(json, "x-amzn-query-error"));
        using var server = ProtocolCodec.For(AwsProtocol.AwsJson10).EncodeError(SqsOperations.Service, new AwsError("InternalFailure", "why", 500), Wired.RequestId);
        Assert.Equal((500, "InternalFailure;Receiver"), (server.Status, Wired.Header(server, "x-amzn-query-error")));
    }
}
