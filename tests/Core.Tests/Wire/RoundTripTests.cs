using System.Text;
using System.Text.Json;
using Longspan.Api;
using Longspan.Api.Shapes;
using Longspan.Wire;
using Longspan.Wire.Cbor;
using Longspan.Wire.Json;
using Longspan.Wire.Protocols;
using Xunit;

namespace Longspan.Core.Tests.Wire;

/// <summary>Every claimed operation through every codec that goes both ways, with every member set.</summary>
public sealed class RoundTripTests
{
    public static TheoryData<string> Services => [.. AwsServices.All.Select(s => s.Name)];

    private static IEnumerable<Operation> OperationsOf(string service) => AwsServices.All.Single(s => s.Name == service).Operations();

    [Theory]
    [MemberData(nameof(Services))]
    public void Json_brings_back_what_it_was_given(string service)
    {
        var codec = (ClientCodec)ProtocolCodec.For(AwsProtocol.AwsJson11);
        foreach (var operation in OperationsOf(service))
        {
            Same(operation, operation.NewRequest(), codec, RequestThrough(codec));
            Same(operation, operation.NewResponse(), codec, ResponseThrough(codec));
        }
    }

    [Theory]
    [InlineData("Sqs")]
    [InlineData("Iam")]
    [InlineData("Sts")]
    public void Query_brings_back_what_it_was_given(string service)
    {
        var codec = (ClientCodec)ProtocolCodec.For(AwsProtocol.AwsQuery);
        foreach (var operation in OperationsOf(service))
        {
            Same(operation, operation.NewRequest(), codec, RequestThrough(codec));
            Same(operation, operation.NewResponse(), codec, ResponseThrough(codec));
        }
    }

    [Theory]
    [MemberData(nameof(Services))]
    public void Cbor_brings_back_what_it_was_given(string service)
    {
        var codec = ProtocolCodec.For(AwsProtocol.RpcV2Cbor);
        foreach (var operation in OperationsOf(service))
        {
            Same(operation, operation.NewResponse(), codec, (_, original, copy) =>
            {
                using var response = codec.EncodeResponse(operation, original, Wired.RequestId);
                CborShapeReader.ReadWhole(response.Body, copy);
            });
        }
    }

    [Theory]
    [MemberData(nameof(Services))]
    public void Damage_to_any_request_is_decoded_or_refused(string service)
    {
        const int MutationsPerOperation = 60;
        var random = new Random(service.Length);
        foreach (var operation in OperationsOf(service))
        {
            foreach (var protocol in new[] { AwsProtocol.AwsJson11, AwsProtocol.AwsQuery })
            {
                var codec = (ClientCodec)ProtocolCodec.For(protocol);
                using var outgoing = codec.EncodeRequest(operation, Filled(operation.NewRequest(), documents: protocol == AwsProtocol.AwsJson11));
                var good = outgoing.Body.WrittenSpan.ToArray();
                for (var i = 0; i < MutationsPerOperation; i++)
                {
                    var bad = i % 2 == 0 ? good[..random.Next(good.Length)] : (byte[])good.Clone();
                    if (bad.Length > 0)
                    {
                        bad[random.Next(bad.Length)] = (byte)random.Next(256);
                    }
                    try
                    {
                        codec.DecodeRequest(operation, Wired.Request("POST", "/", "Content-Type: " + outgoing.ContentType, bad));
                    }
                    catch (AwsError error)
                    {
                        Assert.InRange(error.HttpStatus, 400, 499);
                    }
                }
            }
        }
    }

    private delegate void Through(Operation operation, Shape original, Shape copy);

    private static Through RequestThrough(ClientCodec codec) => (operation, original, copy) =>
    {
        using var outgoing = codec.EncodeRequest(operation, original);
        codec.ReadRequest(operation, Wired.Request("POST", "/", "Content-Type: " + outgoing.ContentType, outgoing.Body.WrittenSpan.ToArray()), copy);
    };

    private static Through ResponseThrough(ClientCodec codec) => (operation, original, copy) =>
    {
        using var response = codec.EncodeResponse(operation, original, Wired.RequestId);
        codec.DecodeResponse(operation, response.Body, copy);
    };

    private static void Same(Operation operation, Shape original, ProtocolCodec codec, Through through)
    {
        Filled(original, documents: codec.Protocol == AwsProtocol.AwsJson11);
        var copy = (Shape)Activator.CreateInstance(original.GetType())!;
        try
        {
            through(operation, original, copy);
        }
        catch (MalformedRequestException e)
        {
            Assert.Fail($"{operation.Name} over {codec.Protocol}: {e.Message}");
        }
        Assert.Equal(JsonOf(original), JsonOf(copy));
    }

    private static string JsonOf(Shape shape)
    {
        using var buffer = new PooledBuffer();
        JsonShapeWriter.WriteWhole(buffer, shape);
        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    private static Shape Filled(Shape shape, bool documents)
    {
        new Filler(documents).Fill(shape);
        return shape;
    }

    /// <summary>Hands every member a value that is awkward to spell. Beyond a depth only scalars, as some shapes hold themselves.</summary>
    private sealed class Filler(bool documents) : ShapeReader
    {
        private const int MaxDepth = 5;
        private int _depth;

        public void Fill(Shape shape)
        {
            _depth++;
            foreach (var member in shape.Schema.Members)
            {
                var nests = member.Kind is ShapeKind.List or ShapeKind.Map or ShapeKind.Structure;
                if ((!nests || _depth < MaxDepth) && (documents || !IsDocument(member)))
                {
                    shape.ReadMember(member, this);
                }
                if (shape.Schema.IsUnion)
                {
                    break;
                }
            }
            _depth--;
        }

        /// <summary>Only the JSON protocols have documents.</summary>
        private static bool IsDocument(Member member) =>
            member.Kind == ShapeKind.Document || (member.Item is { } item && IsDocument(item)) || (member.Value is { } value && IsDocument(value));

        public override bool ReadBoolean(Member member) => true;
        public override int ReadInteger(Member member) => int.MinValue;
        public override long ReadLong(Member member) => long.MaxValue;
        public override float ReadFloat(Member member) => 0.1f;
        public override double ReadDouble(Member member) => 1e-7;
        public override string ReadString(Member member) => $"{member.Name} <&\"'> +%\t\r\né\U0001F600 ";
        public override ReadOnlyMemory<byte> ReadBlob(Member member) => new byte[] { 0, 0xFF, 0x3E };
        public override DateTimeOffset ReadTimestamp(Member member) => DateTimeOffset.UnixEpoch.AddMilliseconds(1795416764123);
        public override JsonElement ReadDocument(Member member) => JsonSerializer.Deserialize<JsonElement>("""{"a":[1,null]}""");

        public override T ReadStructure<T>(Member member)
        {
            var value = new T();
            Fill(value);
            return value;
        }

        public override List<T> ReadList<T>(Member member, Func<ShapeReader, Member, T> item) => [item(this, member.Item!), item(this, member.Item!)];

        public override Dictionary<string, T> ReadMap<T>(Member member, Func<ShapeReader, Member, T> item) =>
            new() { ["key one"] = item(this, member.Value!), ["k<2>&"] = item(this, member.Value!) };
    }
}
