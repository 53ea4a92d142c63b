using Microsoft.Extensions.Logging;

namespace Longspan.Services.Sqs.Sealing;

public sealed partial class MessageKeys
{
    [LoggerMessage(Level = LogLevel.Error, Message = "Message {MessageId} of {Queue} is not delivered: {Reason}")]
    internal partial void LogUnreadable(Guid messageId, string queue, string reason);

    [LoggerMessage(Level = LogLevel.Information, Message = "Messages are sealed with key {KeyId} from now on; {Count} keys are kept")]
    private partial void LogMade(uint keyId, int count);

    [LoggerMessage(Level = LogLevel.Warning, Message = "A new message key could not be stored; key {KeyId} is used on")]
    private partial void LogKeptOld(uint keyId, Exception error);
}
