using Longspan.Api;
using Longspan.Api.Ecr;
using Longspan.Api.Ecs;
using Longspan.Api.Iam;
using Longspan.Api.Shapes;
using Longspan.Api.Sqs;
using Longspan.Api.Ssm;
using Xunit;

namespace Longspan.Core.Tests.Generate;

public sealed class GeneratedShapeTests
{
    public static TheoryData<string, string> EveryOperation()
    {
        var data = new TheoryData<string, string>();
        foreach (var service in AllServices())
            foreach (var operation in service.Operations())
                data.Add(service.Name, operation.Name);
        return data;
    }

    [Theory]
    [MemberData(nameof(EveryOperation))]
    public void Every_member_of_request_and_response_survives_writing_and_reading(string service, string operation)
    {
        var found = AllServices().Single(s => s.Name == service).Operations().Single(o => o.Name == operation);
        foreach (var make in new[] { found.NewRequest, found.NewResponse })
        {
            var filled = new SampleReader().Fill(make());
            Assert.All(filled.Schema.Members, m => Assert.True(filled.IsSet(m), m.Name));

            var written = TreeWriter.Write(filled);
            Assert.Equal(filled.Schema.Members.Select(m => m.Name), written.Keys);
            var read = TreeReader.Read(written, make());
            Assert.Equal(Flat(written), Flat(TreeWriter.Write(read)));
        }
    }

    [Theory]
    [MemberData(nameof(EveryOperation))]
    public void Fresh_shapes_have_nothing_set_and_write_nothing(string service, string operation)
    {
        var found = AllServices().Single(s => s.Name == service).Operations().Single(o => o.Name == operation);
        foreach (var shape in new[] { found.NewRequest(), found.NewResponse() })
        {
            Assert.DoesNotContain(shape.Schema.Members, shape.IsSet);
            Assert.Empty(TreeWriter.Write(shape));
            Assert.Equal(Enumerable.Range(0, shape.Schema.Members.Count), shape.Schema.Members.Select(m => m.Index));
        }
    }

    [Fact]
    public void Claimed_operations_are_among_the_services_operations_and_point_back_at_it()
    {
        foreach (var service in AllServices())
        {
            Assert.NotEmpty(service.Operations());
            Assert.All(service.Operations(), o => Assert.Same(service, o.Service));
            Assert.All(service.Operations(), o => Assert.Contains(o.Name, service.AllOperations));
        }
        Assert.Equal(23, SqsOperations.Service.Operations().Count);
        Assert.Contains("CreateDaemon", EcsOperations.Service.AllOperations);
        Assert.DoesNotContain(EcsOperations.Service.Operations(), o => o.Name == "CreateDaemon");
    }

    [Fact]
    public void Facts_are_those_that_clients_put_on_the_wire()
    {
        var sqs = SqsOperations.Service;
        Assert.Equal([AwsProtocol.AwsJson10, AwsProtocol.AwsQuery], sqs.Protocols);
        Assert.Equal(("AmazonSQS", "sqs", "2012-11-05", true), (sqs.TargetPrefix, sqs.SigningName, sqs.ApiVersion, sqs.AwsQueryCompatible));
        Assert.Equal("http://queue.amazonaws.com/doc/2012-11-05/", sqs.XmlNamespace);
        Assert.Equal("AmazonEC2ContainerServiceV20141113", EcsOperations.Service.TargetPrefix);
        Assert.Equal("https://iam.amazonaws.com/doc/2010-05-08/", IamOperations.Service.XmlNamespace);
        Assert.Equal("AmazonEC2ContainerRegistry_V20150921", EcrOperations.Service.TargetPrefix);

        var attributes = new CreateQueueRequest().Schema.Find("Attributes")!;
        Assert.Equal(("Attribute", true, "Name", "Value"),
            (attributes.XmlWireName, attributes.XmlFlattened, attributes.Key!.XmlWireName, attributes.Value!.XmlWireName));
        Assert.True(new CreateQueueRequest().Schema.Find("QueueName")!.Required);
        Assert.True(new RunTaskRequest().Schema.Find("clientToken")!.IdempotencyToken);
        Assert.True(new RegisterManagedInstanceRequest().Schema.Find("ActivationCode")!.Sensitive);
    }

    [Fact]
    public void Errors_carry_code_status_query_code_and_detail()
    {
        var gone = new QueueDoesNotExist("The specified queue does not exist.");
        Assert.Equal(("QueueDoesNotExist", 400, "AWS.SimpleQueueService.NonExistentQueue"), (gone.Code, gone.HttpStatus, gone.QueryCode));
        var absent = new NoSuchEntityException("The user with name x cannot be found.");
        Assert.Equal(("NoSuchEntityException", 404, "NoSuchEntity"), (absent.Code, absent.HttpStatus, absent.QueryCode));
        Assert.True(new Longspan.Api.Ecs.ServerException("").IsServerFault);

        var part = new InvalidLayerPartException("gap", new InvalidLayerPartExceptionDetail { LastValidByteReceived = 5_000_000_000 });
        Assert.Equal(5_000_000_000L, TreeWriter.Write(part.Detail!)["lastValidByteReceived"]);
    }

    [Fact]
    public void Numbers_are_as_wide_as_the_service_makes_them()
    {
        var resource = new Resource().Schema;
        Assert.Equal([ShapeKind.Double, ShapeKind.Long, ShapeKind.Integer],
            new[] { "doubleValue", "longValue", "integerValue" }.Select(n => resource.Find(n)!.Kind));
        Assert.Equal(ShapeKind.Long, new UploadLayerPartRequest().Schema.Find("partFirstByte")!.Kind);
        Assert.Equal(ShapeKind.Integer, new SendMessageRequest().Schema.Find("DelaySeconds")!.Kind);
    }

    private static IEnumerable<ServiceSchema> AllServices() =>
        AwsServices.All.Concat(Longspan.Core.Tests.Wire.Generated.AwsServices.All);

    private static string Flat(object tree) => tree switch
    {
        Dictionary<string, object> map => "{" + string.Join(",", map.Select(p => $"{p.Key}:{Flat(p.Value)}")) + "}",
        List<object> list => "[" + string.Join(",", list.Select(Flat)) + "]",
        _ => $"{tree.GetType().Name} {tree}",
    };
}
