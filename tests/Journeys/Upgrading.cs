using System.Text.Json.Nodes;
using Hikyaku.Platform.Testing;

namespace Hikyaku.Journeys;

/// <summary>What copies of earlier releases hold (Fixtures/README.md tells how they are made), after <c>./dev up</c> of this one.</summary>
[Trait("Platform", "own")]
public sealed class Upgrading(PlatformUnderTest running)
{
    private static readonly TimeSpan LeftToDo = TimeSpan.FromSeconds(60);

    public static TheoryData<string> Releases => [.. Directory.GetFiles(UpgradedCopy.Fixtures, "*.json").Select(f => Path.GetFileNameWithoutExtension(f))];

    [Theory, MemberData(nameof(Releases)), Trait("Rule", "REL-7")]
    public async Task The_data_of_an_earlier_release_is_all_there_after_the_upgrade(string release)
    {
        await using var copy = await UpgradedCopy.StartAsync(release, running.Home);
        var (platform, facts) = (copy.Platform, copy.Facts);

        var sessions = new Dictionary<string, Client>();
        foreach (var person in Items(facts, "people"))
        {
            var login = Text(person, "login");
            var session = new Client(platform.Endpoints["gateway"]!.GetValue<string>(), Text(person, "token"));
            Assert.Equal(login, (await session.GetAsync("/api/v1/me")).Body!["login"]!.GetValue<string>());
            sessions[login] = session;
        }

        foreach (var fact in Items(facts, "answers"))
            await Eventually.Async(() => MissingAsync(sessions[Text(fact, "by")], Text(fact, "path"), fact["answer"]!), missing => missing is null, LeftToDo, Text(fact, "path"));
        await EventsAreThereAsync(sessions["operator"], Items(facts, "events"));
        await MailIsThereAsync(platform, facts);
        await copy.SendWaitingMailAsync();
        await Eventually.Async(() => platform.OutboxAsync(Text(facts["waiting"]!, "to")), sent => sent.Count == 1, LeftToDo);
        await Eventually.Async(copy.LeftAtTheBrokerAsync, left => left.Count == 0, LeftToDo);
        await SecretsAreReadableAsync(sessions["operator"]);
        await copy.DevAsync("verify", "--wait", "60");
    }

    [Theory]
    [InlineData("""{"a":1}""", """{"b":2,"a":1}""", null)]
    [InlineData("""[{"id":1},{"id":3}]""", """[{"id":0},{"id":1,"new":true},{"id":2},{"id":3}]""", null)]
    [InlineData("""{"a":{"b":1}}""", """{"a":{"b":2}}""", "$.a.b is 2 and was 1")]
    [InlineData("""{"a":1}""", """{"b":1}""", "$.a is absent and was 1")]
    [InlineData("""[1,2]""", """[2,1]""", "$[1] is not among what follows 2 elements: 2")]
    [InlineData("""[1,1]""", """[1]""", "$[1] is not among what follows 1 elements: 1")]
    [InlineData("[]", "null", "$ is absent and was []")]
    public void What_is_missing_or_different_is_found(string recorded, string now, string? missing)
        => Assert.Equal(missing, Recorded.Missing(JsonNode.Parse(recorded), JsonNode.Parse(now)));

    private static async Task<string?> MissingAsync(Client client, string path, JsonNode recorded)
    {
        var reply = await client.GetAsync(path);
        return reply.Status == 200 ? Recorded.Missing(recorded, reply.Body) : $"{reply.Status} {reply.Text}";
    }

    // From the beginning, each at its position: who followed the feed before the upgrade goes on where they were.
    private static async Task EventsAreThereAsync(Client client, List<JsonNode> recorded)
    {
        var events = await client.FollowAsync("/api/v1/events?after=0", recorded.Count);
        Assert.Equal(recorded.Select(e => Text(e, "position")), events.Select(e => e.EventId));
        Assert.All(recorded.Zip(events), e => Assert.Null(Recorded.Missing(e.First["event"]!, JsonNode.Parse(e.Second.Data))));
    }

    private static async Task MailIsThereAsync(PlatformUnderTest platform, JsonNode facts)
    {
        foreach (var mailbox in Items(facts, "mail"))
        {
            var subjects = Items(mailbox, "subjects").Select(s => s.GetValue<string>()).Order().ToList();
            Assert.Equal(subjects, await platform.SubjectsAsync(Text(mailbox, "login"), subjects.Count, Text(mailbox, "password")));
        }
    }

    // What is stored encrypted: with another key it could not even be tried.
    private static async Task SecretsAreReadableAsync(Client client)
    {
        var hook = Text((await client.GetAsync("/api/v1/webhooks")).Body!["items"]![0]!, "id");
        var tried = await client.SendAsync(HttpMethod.Post, $"/api/v1/webhooks/{hook}/test");
        Assert.Equal((200, "connection"), (tried.Status, tried.Body?["error"]?.GetValue<string>()));
    }

    private static string Text(JsonNode node, string name) => node[name]!.GetValue<string>();

    private static List<JsonNode> Items(JsonNode node, string name) => [.. node[name]!.AsArray().Select(n => n!)];
}
