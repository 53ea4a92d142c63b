using System.Text.Json;
using Longspan.Kernel;
using Longspan.Kernel.Access;
using Longspan.Kernel.Access.Policies;
using Xunit;

namespace Longspan.Core.Tests.Access.Policies;

/// <summary>What must hold of every policy, tried on many that a seed makes up. A failure names its seed.</summary>
public sealed class PolicyPropertyTests
{
    private const int Rounds = 400;

    private static readonly string[] s_actions = ["sqs:SendMessage", "sqs:ReceiveMessage", "ecs:RunTask", "iam:PassRole"];
    private static readonly string[] s_actionPatterns = ["*", "sqs:*", "sqs:Send*", "ecs:RunTask", "iam:?assRole", "SQS:receivemessage"];
    private static readonly string[] s_resources = ["arn:aws:sqs:lab-1:123456789012:orders", "arn:aws:ecs:lab-1:123456789012:task-definition/web:1", "*"];
    private static readonly string[] s_resourcePatterns = ["*", "arn:aws:sqs:*:*:orders", "arn:aws:ecs:*", "arn:aws:sqs:*:*:${aws:PrincipalTag/queue}", "arn:aws:s3:::x"];
    private static readonly string[] s_conditions =
    [
        """{"StringEquals":{"aws:PrincipalTag/queue":"orders"}}""", """{"StringNotEquals":{"aws:PrincipalTag/queue":"orders"}}""",
        """{"Bool":{"aws:SecureTransport":"true"}}""", """{"IpAddress":{"aws:SourceIp":"10.0.0.0/8"}}""", """{"Null":{"aws:SourceIp":"true"}}""",
        """{"DateLessThan":{"aws:CurrentTime":"2026-01-01T00:00:00Z"}}""", """{"NumericLessThan":{"aws:EpochTime":"abc"}}""",
        """{"ForAllValues:StringEquals":{"aws:TagKeys":["a","b"]}}""", """{"ForAnyValue:StringLikeIfExists":{"aws:TagKeys":["a*"]}}""",
    ];
    private static readonly string[] s_principals =
    [
        "\"*\"", """{"AWS":"123456789012"}""", """{"AWS":"arn:aws:iam::123456789012:user/carlossalazar"}""", """{"AWS":"arn:aws:iam::123456789012:role/worker"}""",
        """{"AWS":"arn:aws:sts::123456789012:assumed-role/worker/job"}""", """{"Service":"events.amazonaws.com"}""",
    ];

    public static TheoryData<int> Seeds => [.. Enumerable.Range(1, 12)];

    [Theory, MemberData(nameof(Seeds))]
    public void MoreAllowsNeverTakeAndMoreDeniesNeverGive(int seed) => Try(seed, (random, question) =>
    {
        var before = question.Decide().IsAllowed;
        var allowed = question with { Identity = [.. question.Identity, Statement(random, allow: true)] };
        Assert.True(!before || allowed.Decide().IsAllowed, "an allow took permission away");
        var denied = question with { Identity = [.. question.Identity, Statement(random, allow: false)] };
        Assert.True(before || !denied.Decide().IsAllowed, "a deny gave permission");
        var everything = question with { Identity = [.. question.Identity, """{"Effect":"Deny","Action":"*","Resource":"*"}"""] };
        Assert.Equal(AccessDecision.ExplicitDeny(PolicyKind.Identity), everything.Decide());
        var resource = question with { ResourcePolicy = Join(question.ResourcePolicy, """{"Effect":"Deny","Principal":"*","Action":"*","Resource":"*"}""") };
        Assert.Equal(AccessOutcome.ExplicitDeny, resource.Decide().Outcome);
    });

    [Theory, MemberData(nameof(Seeds))]
    public void BoundaryAndSessionOnlyNarrow(int seed) => Try(seed, (random, question) =>
    {
        var without = question with { Boundary = null, Session = null };
        var bounded = question with { Boundary = Statements(random), Session = random.Next(2) == 0 ? null : Statements(random) };
        Assert.True(without.Decide().IsAllowed || !bounded.Decide().IsAllowed, "a bound gave permission");
        const string all = """{"Effect":"Allow","Action":"*","Resource":"*"}""";
        // But for a NotPrincipal that denies: whoever has a boundary it never spares.
        var mayBeSpared = question.ResourcePolicy?.Contains("NotPrincipal", StringComparison.Ordinal) == true;
        Assert.Equal(without.Decide(), (question with { Boundary = mayBeSpared ? null : all, Session = all }).Decide());
    });

    [Theory, MemberData(nameof(Seeds))]
    public void OrderIsOfNoAccount(int seed) => Try(seed, (random, question) =>
    {
        var shuffled = question.Identity.ToArray();
        random.Shuffle(shuffled);
        var resource = question.ResourcePolicy?.Split("\n,");
        if (resource is not null)
        {
            random.Shuffle(resource);
        }
        // One policy with all statements is as good as one for each.
        var joined = question with
        {
            Identity = shuffled.Length == 0 ? [] : [string.Join("\n,", shuffled)],
            ResourcePolicy = resource is null ? null : string.Join("\n,", resource),
        };
        Assert.Equal(question.Decide(), joined.Decide());
    });

    [Theory, MemberData(nameof(Seeds))]
    public void WildcardsMatchAsTheirDefinitionSays(int seed)
    {
        var random = new Random(seed);
        for (var round = 0; round < 4000; round++)
        {
            var pattern = Text(random, "ab*?", 8);
            var text = Text(random, "ab*", 8);
            var expected = Defined(pattern, text);
            Assert.True(expected == Wildcards.Match(pattern, text), $"seed {seed}: {pattern} on {text}");
            var compiled = new PolicyPattern(pattern, hasWildcards: true, hasVariables: true);
            Assert.True(expected == compiled.Matches(text, new AccessContext(new Principal(Question.Carlos), new AccessDemand("a:b", "*"))), $"seed {seed}: {pattern} on {text}");
        }
    }

    [Theory, MemberData(nameof(Seeds))]
    public void WhateverTextComesTheReaderSaysYesOrNo(int seed)
    {
        var random = new Random(seed);
        for (var round = 0; round < Rounds; round++)
        {
            var text = $$"""{"Version":"2012-10-17","Statement":[{{Statements(random)}}]}""".ToCharArray();
            for (var changes = random.Next(1, 5); changes > 0; changes--)
            {
                text[random.Next(text.Length)] = (char)random.Next(32, 127);
            }
            var changed = new string(text);
            if (PolicyReader.TryRead(changed, PolicyUse.Identity, out var fault) is not { } policy)
            {
                Assert.NotEqual("", fault);
                continue;
            }
            JsonDocument.Parse(changed).Dispose();
            var principal = new Principal(Question.Carlos) { UserName = "carlossalazar", Identity = [new NamedPolicy("x", PolicySource.User, policy)] };
            PolicyEvaluator.Decide(new AccessContext(principal, new AccessDemand("sqs:SendMessage", "*")));
        }
    }

    private static void Try(int seed, Action<Random, Question> property)
    {
        var random = new Random(seed);
        for (var round = 0; round < Rounds; round++)
        {
            var question = new Question(Pick(random, s_actions), Pick(random, s_resources))
            {
                Caller = random.Next(3) switch { 0 => Question.Worker, 1 => Caller.ForService(Question.Account, "events.amazonaws.com"), _ => Question.Carlos },
                Identity = [.. Enumerable.Range(0, random.Next(4)).Select(_ => Statement(random, random.Next(3) > 0))],
                ResourcePolicy = random.Next(2) == 0 ? null : string.Join("\n,", Enumerable.Range(0, random.Next(1, 4)).Select(_ => ResourceStatement(random))),
                IsResourcePolicyRequired = random.Next(4) == 0,
                Boundary = random.Next(3) == 0 ? Statements(random) : null,
                Session = random.Next(3) == 0 ? Statements(random) : null,
                PrincipalTags = random.Next(2) == 0 ? [] : new() { ["queue"] = Pick(random, ["orders", "*", "other"]) },
                RequestTags = random.Next(2) == 0 ? null : new() { [Pick(random, ["a", "b", "c"])] = "1" },
                SourceIp = random.Next(3) switch { 0 => null, 1 => "10.1.2.3", _ => "192.0.2.1" },
                IsEncrypted = random.Next(2) == 0,
            };
            try
            {
                property(random, question);
            }
            catch (Exception failed)
            {
                throw new InvalidOperationException($"seed {seed}, round {round}: {question} {string.Join(" | ", question.Identity)}", failed);
            }
        }
    }

    private static string Statements(Random random) =>
        string.Join("\n,", Enumerable.Range(0, random.Next(1, 4)).Select(_ => Statement(random, random.Next(3) > 0)));

    private static string ResourceStatement(Random random)
    {
        var principal = random.Next(6) == 0 ? "NotPrincipal" : "Principal";
        return $"{{\"{principal}\":{Pick(random, s_principals)},{Statement(random, random.Next(3) > 0)[1..]}";
    }

    private static string Statement(Random random, bool allow)
    {
        var action = random.Next(6) == 0 ? "NotAction" : "Action";
        var resource = random.Next(6) == 0 ? "NotResource" : "Resource";
        var condition = random.Next(2) == 0 ? "" : $",\"Condition\":{Pick(random, s_conditions)}";
        return $$"""{"Effect":"{{(allow ? "Allow" : "Deny")}}","{{action}}":"{{Pick(random, s_actionPatterns)}}","{{resource}}":"{{Pick(random, s_resourcePatterns)}}"{{condition}}}""";
    }

    private static string Join(string? statements, string more) => statements is null ? more : $"{statements}\n,{more}";

    private static string Text(Random random, string letters, int longest) =>
        string.Concat(Enumerable.Range(0, random.Next(longest + 1)).Select(_ => letters[random.Next(letters.Length)]));

    private static bool Defined(ReadOnlySpan<char> pattern, ReadOnlySpan<char> text)
    {
        if (pattern.Length == 0)
        {
            return text.Length == 0;
        }
        if (pattern[0] == '*')
        {
            return Defined(pattern[1..], text) || (text.Length > 0 && Defined(pattern, text[1..]));
        }
        return text.Length > 0 && (pattern[0] == '?' || pattern[0] == text[0]) && Defined(pattern[1..], text[1..]);
    }

    private static T Pick<T>(Random random, T[] from) => from[random.Next(from.Length)];
}
