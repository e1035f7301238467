using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using Hikyaku.Accounts.Contracts;
using Hikyaku.Feed.Tests.Documents;

namespace Hikyaku.Feed.Tests.Specs;

[Trait("Rule", "OPS-2")]
public sealed class Documents_of_events
{
    private static readonly IReadOnlyList<CataloguedEvent> Events = EventCatalogue.Of(RecordedContracts.All);

    [Fact]
    public void The_page_is_what_the_contracts_say() => Match("events.md", EventsPage.Of(Events));

    [Fact]
    public void The_AsyncAPI_document_is_what_the_contracts_say() => Match("asyncapi.json", AsyncApiDocument.Of(Events));

    [Fact]
    public void The_AsyncAPI_document_has_its_required_parts()
    {
        var document = Document();

        Assert.Equal("3.0.0", Text(document["asyncapi"]));
        Assert.All(new[] { "title", "version" }, part => Assert.NotEmpty(Text(document["info"]![part])));
        Assert.Equal(["feed", "webhook"], document["channels"]!.AsObject().Select(c => c.Key));
        Assert.All(document["operations"]!.AsObject(), o =>
        {
            Assert.Equal("send", Text(o.Value!["action"]));
            var channel = Text(o.Value["channel"]!["$ref"]);
            // The specification wants the messages of an operation to be the channel's own.
            Assert.All(o.Value["messages"]!.AsArray(), m => Assert.StartsWith(channel + "/messages/", Text(m!["$ref"]), StringComparison.Ordinal));
        });
        Assert.Equal(RecordedContracts.Names.Order(StringComparer.Ordinal), document["components"]!["messages"]!.AsObject().Select(m => Text(m.Value!["name"])).Order(StringComparer.Ordinal));
        Assert.All(document["components"]!["messages"]!.AsObject(), m => Assert.NotNull(m.Value!["payload"]));
    }

    [Fact]
    public void Every_reference_of_the_AsyncAPI_document_leads_somewhere()
    {
        var document = Document();
        var references = ReferencesIn(document).ToList();

        Assert.NotEmpty(references);
        Assert.All(references, r => Assert.NotNull(Resolve(document, r)));
        Assert.Null(Resolve(document, "#/components/schemas/Nothing"));
    }

    [Fact]
    public void A_recorded_event_has_the_fields_that_are_promised()
    {
        var account = new Published_contracts("example.jp");
        foreach (var contract in new object[] { account.Created(), account.Capacity(5), account.DeletionStarted(), Published_contracts.Appointed("example.jp", "admin1") })
        {
            var told = NewEvent.Of(contract, null);
            var promised = Events.Single(e => e.Type == told.Type);
            var data = JsonNode.Parse(told.Data)!.AsObject();
            Assert.Equal(promised.Fields.Select(f => f.Name).Order(StringComparer.Ordinal), data.Select(f => f.Key).Order(StringComparer.Ordinal));
            Assert.Equal(
                promised.Fields.Single(f => f.Name == "by").Fields.Select(f => f.Name).Order(StringComparer.Ordinal),
                data["by"]!.AsObject().Select(f => f.Key).Order(StringComparer.Ordinal));
        }
    }

    [Fact, Trait("Rule", "SEC-4")]
    public void What_only_nodes_may_read_is_not_in_them()
    {
        var states = typeof(MailAccountCreated).Assembly.GetExportedTypes().Where(t => t.Name.EndsWith("State", StringComparison.Ordinal)).ToList();
        var text = EventsPage.Of(Events) + AsyncApiDocument.Of(Events);

        Assert.Contains(typeof(MailboxState), states);
        Assert.All(states, s => Assert.DoesNotContain(s.Name, text, StringComparison.Ordinal));
        Assert.DoesNotContain("passwordHash", text, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("\"session\"", text, StringComparison.Ordinal);
    }

    private static JsonNode Document() => JsonNode.Parse(AsyncApiDocument.Of(Events))!;

    private static IEnumerable<string> ReferencesIn(JsonNode? node) => node switch
    {
        JsonObject o => o.SelectMany(p => p.Key == "$ref" ? [p.Value!.GetValue<string>()] : ReferencesIn(p.Value)),
        JsonArray a => a.SelectMany(ReferencesIn),
        _ => [],
    };

    private static JsonNode? Resolve(JsonNode document, string reference)
        => reference.Split('/').Skip(1).Aggregate<string, JsonNode?>(document, (node, part) => node?[part]);

    private static string Text(JsonNode? node) => node!.GetValue<string>();

    private static void Match(string name, string generated, [CallerFilePath] string testFile = "")
    {
        var file = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(testFile)!, "../../../docs", name));
        if (Environment.GetEnvironmentVariable("HIKYAKU_ACCEPT") == "1") File.WriteAllText(file, generated);
        Assert.True(File.Exists(file) && File.ReadAllText(file) == generated, $"docs/{name} is not what the contracts say; HIKYAKU_ACCEPT=1 writes it anew");
    }
}
