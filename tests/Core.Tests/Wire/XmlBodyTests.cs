using System.Text;
using Longspan.Api.Shapes;
using Longspan.Wire;
using Longspan.Wire.Protocols;
using Xunit;

namespace Longspan.Core.Tests.Wire;

/// <summary>XML request bodies, for which no claimed operation of S3 stands: a shape of our own with every form in it.</summary>
public sealed class XmlBodyTests
{
    private static readonly ProtocolCodec Xml = ProtocolCodec.For(AwsProtocol.RestXml);

    private static ServiceSchema Service { get; } = new()
    {
        Name = "Sample",
        SigningName = "sample",
        ApiVersion = "2026-01-01",
        XmlNamespace = "http://sample/",
        Protocols = [AwsProtocol.RestXml],
        IamPrefix = "sample",
        AllOperations = ["PutSample"],
        Operations = static () => [],
    };

    private static readonly Operation<Sample, Sample> PutSample = new() { Service = Service, Name = "PutSample", HttpMethod = "PUT", HttpUri = "/sample" };

    private sealed class Sample : Shape
    {
        public string? Kind { get; set; }
        public List<int>? Plain { get; set; }
        public List<string>? Flat { get; set; }
        public Dictionary<string, bool>? Map { get; set; }
        public Sample? Inner { get; set; }

        private static readonly Member[] s_members =
        [
            new() { Name = "Kind", Kind = ShapeKind.String, XmlAttribute = true, XmlName = "xsi:type" },
            new() { Name = "Plain", Index = 1, Kind = ShapeKind.List, Item = new() { Name = "member", Kind = ShapeKind.Integer, XmlName = "Number" } },
            new() { Name = "Flat", Index = 2, Kind = ShapeKind.List, XmlFlattened = true, XmlName = "F", Item = new() { Name = "member", Kind = ShapeKind.String } },
            new() { Name = "Map", Index = 3, Kind = ShapeKind.Map, Key = new() { Name = "key", Kind = ShapeKind.String }, Value = new() { Name = "value", Kind = ShapeKind.Boolean } },
            new() { Name = "Inner", Index = 4, Kind = ShapeKind.Structure, XmlNamespace = "http://xsi/", XmlNamespacePrefix = "xsi" },
        ];
        private static readonly StructureSchema s_schema = new("Sample", s_members);
        public override StructureSchema Schema => s_schema;

        public override void WriteMembers(ShapeWriter writer)
        {
            if (Kind is { } v0) writer.WriteString(s_members[0], v0);
            if (Plain is { } v1) writer.WriteList(s_members[1], v1, static (w, m, x) => w.WriteInteger(m, x));
            if (Flat is { } v2) writer.WriteList(s_members[2], v2, static (w, m, x) => w.WriteString(m, x));
            if (Map is { } v3) writer.WriteMap(s_members[3], v3, static (w, m, x) => w.WriteBoolean(m, x));
            if (Inner is { } v4) writer.WriteStructure(s_members[4], v4);
        }

        public override void ReadMember(Member member, ShapeReader reader)
        {
            switch (member.Index)
            {
                case 0: Kind = reader.ReadString(member); break;
                case 1: Plain = reader.ReadList(member, static (r, m) => r.ReadInteger(m)); break;
                case 2: Flat = reader.ReadList(member, static (r, m) => r.ReadString(m)); break;
                case 3: Map = reader.ReadMap(member, static (r, m) => r.ReadBoolean(m)); break;
                default: Inner = reader.ReadStructure<Sample>(member); break;
            }
        }

        public override bool IsSet(Member member) => member.Index switch
        {
            0 => Kind is not null,
            1 => Plain is not null,
            2 => Flat is not null,
            3 => Map is not null,
            _ => Inner is not null,
        };
    }

    private const string Golden =
        "<Sample xmlns=\"http://sample/\"><Plain><Number>1</Number><Number>2</Number></Plain><F>a</F><F>b &amp; c</F>"
        + "<Map><entry><key>k</key><value>true</value></entry></Map>"
        + "<Inner xmlns:xsi=\"http://xsi/\" xsi:type=\"a&quot;b\"><F>inner</F></Inner></Sample>";

    private static Sample Read(byte[] body) => Wired.Decode<Sample>(Xml, PutSample, Wired.Request("PUT", "/sample", "", body));

    private static Sample Read(string body) => Read(Encoding.UTF8.GetBytes(body));

    [Fact]
    public void Every_form_is_written_and_read_back()
    {
        using var written = Xml.EncodeResponse(PutSample, new Sample
        {
            Plain = [1, 2],
            Flat = ["a", "b & c"],
            Map = new() { ["k"] = true },
            Inner = new Sample { Flat = ["inner"], Kind = "a\"b" },
        }, Wired.RequestId);
        Assert.Equal("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n" + Golden, Wired.Text(written));
        var read = Read(written.Body.ToArray());
        Assert.Equal([1, 2], read.Plain!);
        Assert.Equal(["a", "b & c"], read.Flat!);
        Assert.True(read.Map!["k"]);
        Assert.Equal(("a\"b", "inner"), (read.Inner!.Kind, read.Inner.Flat![0]));
    }

    [Fact]
    public void Flattened_items_need_not_stand_together() =>
        Assert.Equal(["1", "2"], Read("<S><F>1</F><Plain/><Unknown><F>no</F></Unknown><F><![CDATA[2]]></F></S>").Flat!);

    [Theory]
    [InlineData("<S><Plain><Number>x</Number></Plain></S>")]
    [InlineData("<S><Plain/><Plain/></S>")]
    [InlineData("<S><Map><entry><key>k</key></entry></Map></S>")]
    [InlineData("<S><F>1</F>")]
    [InlineData("<S/><S/>")]
    [InlineData("text")]
    [InlineData("<!DOCTYPE S [<!ENTITY a \"b\">]><S><F>&a;</F></S>")]
    [InlineData("<!DOCTYPE S SYSTEM \"file:///etc/passwd\"><S/>")]
    public void What_cannot_be_read_is_the_callers_fault(string body) =>
        Assert.Equal("MalformedInput", Assert.ThrowsAny<AwsError>(() => Read(body)).Code);

    [Fact]
    public void Depth_and_size_are_bounded()
    {
        var deep = string.Concat(Enumerable.Repeat("<Inner>", 10_000)) + string.Concat(Enumerable.Repeat("</Inner>", 10_000));
        Assert.ThrowsAny<AwsError>(() => Read(deep));
        Assert.ThrowsAny<AwsError>(() => Read("<S>" + string.Concat(Enumerable.Repeat("<F/>", WireLimits.MaxXmlNodes)) + "</S>"));
    }

    [Fact]
    public void A_cut_or_damaged_body_is_decoded_or_refused()
    {
        var golden = Encoding.UTF8.GetBytes(Golden);
        var random = new Random(42);
        var refused = 0;
        for (var i = 0; i < 3000 + golden.Length; i++)
        {
            var body = i < golden.Length ? golden[..i] : (byte[])golden.Clone();
            if (i >= golden.Length)
            {
                body[random.Next(body.Length)] = (byte)random.Next(256);
            }
            try
            {
                Read(body);
            }
            catch (AwsError error)
            {
                Assert.InRange(error.HttpStatus, 400, 499);
                refused++;
            }
        }
        Assert.InRange(refused, golden.Length / 2, 3000 + golden.Length - 1);
    }
}
