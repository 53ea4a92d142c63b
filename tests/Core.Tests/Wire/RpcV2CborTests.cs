using Longspan.Api.Shapes;
using Longspan.Core.Tests.Wire.Generated.CloudWatch;
using Longspan.Wire.Protocols;
using Xunit;

namespace Longspan.Core.Tests.Wire;

public sealed class RpcV2CborTests
{
    private static readonly ProtocolCodec Cbor = ProtocolCodec.For(AwsProtocol.RpcV2Cbor);

    /// <summary>Bytes as botocore 1.43 sends them.</summary>
    internal const string Golden =
        "a2694e616d657370616365664f72646572736a4d65747269634461746181a66a4d65747269634e616d656544657074686954696d657374616d70c11a6b03e2bc"
        + "6556616c7565fb3ff80000000000006a44696d656e73696f6e7381a2644e616d656551756575656556616c7565666f72646572737153746f72616765526573"
        + "6f6c7574696f6e183c6656616c75657382fb3ff0000000000000fb4002000000000000";

    private static PutMetricDataInput Put(string hex) => Wired.Decode<PutMetricDataInput>(
        Cbor, CloudWatchOperations.PutMetricData, Wired.Request("POST", "/", "", Convert.FromHexString(hex)));

    [Fact]
    public void A_request_of_the_python_sdk_is_read()
    {
        var request = Put(Golden);
        Assert.Equal("Orders", request.Namespace);
        var datum = Assert.Single(request.MetricData!);
        Assert.Equal(("Depth", 1.5, 60), (datum.MetricName, datum.Value, datum.StorageResolution));
        Assert.Equal(DateTimeOffset.Parse("2026-11-23T06:52:44Z"), datum.Timestamp);
        Assert.Equal([1.0, 2.25], datum.Values!);
        Assert.Equal(("Queue", "orders"), (datum.Dimensions![0].Name, datum.Dimensions[0].Value));
    }

    [Theory]
    // Indefinite map and array, half floats, whole floats for integers, null and undefined members, an unknown member.
    [InlineData("bf694e616d657370616365614e6a4d657472696344617461" + "9fbf6a4d65747269634e616d65614d6556616c7565f93e00" + "7153746f726167655265736f6c7574696f6ef94000" + "66436f756e7473f66178f7ffff" + "ff")]
    public void Other_spellings_of_the_same_are_read(string hex)
    {
        var datum = Assert.Single(Put(hex).MetricData!);
        Assert.Equal((1.5, 2), (datum.Value, datum.StorageResolution));
    }

    [Theory]
    [InlineData("")]
    [InlineData("a0")]
    public void A_missing_member_is_told(string hex)
    {
        var error = Assert.ThrowsAny<AwsError>(() => Put(hex));
        Assert.Equal(("MissingParameter", "The parameter Namespace is required."), (error.QueryCode, error.Message));
    }

    [Theory]
    [InlineData("80", "an array where a map belongs")]
    [InlineData("a1694e616d65737061636501", "a number where text belongs")]
    [InlineData("a2694e616d657370616365614e694e616d657370616365614e", "a duplicate key")]
    [InlineData("a1694e616d65737061636561ff", "invalid UTF-8")]
    [InlineData("a1694e616d657370616365614e00", "bytes after the end")]
    [InlineData("a10101", "a key that is no text")]
    [InlineData("bf694e616d657370616365614e", "no end")]
    [InlineData("a16a4d6574726963446174619affffffff", "an absurd length")]
    [InlineData("a16a4d65747269634461746181a16954696d657374616d70c11bffffffffffffffff", "a timestamp beyond time")]
    public void What_cannot_be_read_is_a_serialization_exception(string hex, string why)
    {
        var error = Assert.ThrowsAny<AwsError>(() => Put(hex));
        Assert.True(error.Code == "SerializationException", why);
    }

    [Fact]
    public void Depth_is_bounded_in_known_and_unknown_members()
    {
        var nested = string.Concat(Enumerable.Repeat("81", 50_000)) + "00";
        Assert.Equal("N", Put("a26178" + nested + "694e616d657370616365614e").Namespace);
        Assert.ThrowsAny<AwsError>(() => Put("a16a4d657472696344617461" + nested));
    }

    [Fact]
    public void A_response_has_the_bytes_that_clients_expect()
    {
        using var response = Cbor.EncodeResponse(CloudWatchOperations.GetMetricData, new GetMetricDataOutput
        {
            MetricDataResults =
            [
                new MetricDataResult { Id = "m", Timestamps = [DateTimeOffset.Parse("2026-11-23T06:52:44.5Z"), DateTimeOffset.UnixEpoch], Values = [1.5] },
            ],
        }, Wired.RequestId);
        Assert.Equal(
            "bf714d657472696344617461526573756c747381" + "bf624964616d6a54696d657374616d707382" + "c1fb41dac0f8af200000" + "c100"
            + "6656616c75657381fb3ff8000000000000" + "ffff",
            Wired.Hex(response));
        Assert.Equal(("application/cbor", "rpc-v2-cbor"), (response.ContentType, Wired.Header(response, "smithy-protocol")));
    }

    [Fact]
    public void An_error_is_a_map_with_type_and_message()
    {
        using var response = Cbor.EncodeError(CloudWatchOperations.Service, new AwsError("Bad", "no", 400, "OldBad"), Wired.RequestId);
        Assert.Equal("bf665f5f7479706563426164676d657373616765626e6fff", Wired.Hex(response));
        Assert.Equal("OldBad;Sender", Wired.Header(response, "x-amzn-query-error"));
    }
}
