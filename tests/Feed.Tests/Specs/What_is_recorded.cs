using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Hikyaku.Accounts.Contracts;
using Hikyaku.Accounts.Storage;
using Hikyaku.Contracts;

namespace Hikyaku.Feed.Tests.Specs;

[Trait("Rule", "OPS-2")]
public sealed partial class What_is_recorded
{
    /// <summary>Texts of contracts about an account that say nothing of a person; another one has to be judged, and masked if it does (OPS-6).</summary>
    private static readonly string[] Impersonal = ["AccountId", "Domain", "JobId", "Condition", "Kind", "Reference", "Cause", "Reason"];

    /// <summary>What <c>without_person</c> masks.</summary>
    private static readonly string[] Personal = ["Address"];

    public static TheoryData<string> Contracts => [.. RecordedContracts.All.Select(c => c.Name)];

    [Fact]
    public void Every_domain_event_of_the_services_is_recorded()
    {
        var events = new[] { typeof(MailAccountCreated), typeof(MailAccountDeletionStarted), typeof(Routing.Contracts.ForwardingRuleSet), typeof(Spam.Contracts.JunkSortingTurnedOn), typeof(Restrictions.Contracts.AccountRestricted), typeof(DataCopy.Contracts.CopyRequested) }.SelectMany(t => t.Assembly.GetExportedTypes()).Where(IsEvent).ToList();

        Assert.NotEmpty(events);
        Assert.Equal(events.Select(e => e.Name).Order(StringComparer.Ordinal), RecordedContracts.All.Select(c => c.Name).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Who_reads_an_event_while_another_one_is_the_first_to_gets_all_of_it()
    {
        const int readers = 4;
        using var together = new Barrier(readers);
        for (var round = 0; round < 50; round++)
        {
            var events = Enumerable.Range(0, 2000).Select(i => new FeedEvent(i, Guid.Empty, "a.b", "urn:hikyaku:a", "x", default, "example.jp", null, null, null, "{}", false)).ToList();
            var read = await Task.WhenAll(Enumerable.Range(0, readers).Select(_ => Task.Factory.StartNew(() =>
            {
                together.SignalAndWait();
                return events.TrueForAll(e => e.Json.Length > 0);
            }, TestContext.Current.CancellationToken, TaskCreationOptions.LongRunning, TaskScheduler.Default)));
            Assert.DoesNotContain(false, read);
        }
    }

    [Fact]
    public void An_event_is_told_from_other_contracts()
    {
        Assert.True(IsEvent(typeof(StaffPasswordChanged)));
        Assert.False(IsEvent(typeof(AccountErased)));
        Assert.False(IsEvent(typeof(MailboxState)));
        Assert.False(IsEvent(typeof(CausedBy)));
    }

    [Fact]
    public void A_type_has_the_stored_events_name()
        => Assert.Subset(EventNames.All.Values.Concat(Routing.Storage.EventNames.All.Values).Concat(Spam.Storage.EventNames.All.Values).Concat(Restrictions.Storage.EventNames.All.Values).Concat(DataCopy.Storage.EventNames.All.Values).Select(n => n[..n.LastIndexOf('.')]).ToHashSet(StringComparer.Ordinal), RecordedContracts.Names.ToHashSet(StringComparer.Ordinal));

    [Theory, MemberData(nameof(Contracts)), Trait("Rule", "SEC-4")]
    public void No_field_that_goes_out_is_called_like_a_secret_and_none_is_told_twice(string contract)
    {
        var told = Sample(contract);
        var fields = FieldsOf(JsonNode.Parse(told.Data)!.AsObject()).ToList();

        Assert.Contains("by.role", fields);
        Assert.DoesNotContain(fields, f => Secret().IsMatch(f) || f is "eventId" or "at" or "position" or "by.session");
    }

    [Theory, MemberData(nameof(Contracts)), Trait("Rule", "OPS-6")]
    public void Every_text_about_an_account_is_known_to_be_personal_or_not(string contract)
    {
        var type = Type(contract);
        if (type.GetProperty("AccountId") is null) return; // it outlives accounts

        var texts = type.GetProperties().Where(p => p.PropertyType == typeof(string)).Select(p => p.Name);
        Assert.Empty(texts.Except(Impersonal).Except(Personal));
    }

    [Fact]
    public void It_goes_out_as_a_CloudEvent_on_one_line()
    {
        var id = Guid.NewGuid();
        var e = new FeedEvent(
            42, id, "accounts.mail-account-created", "urn:hikyaku:accounts", "taro@example.jp", new(2026, 11, 25, 1, 2, 3, 456, TimeSpan.Zero),
            "example.jp", "0123", "taro@example.jp", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", """{"by": {"login": "太郎\n"}}""", false);

        var text = System.Text.Encoding.UTF8.GetString(e.Json.Span);

        Assert.Equal(
            "{\"specversion\":\"1.0\",\"id\":\"" + id + """
                ","source":"urn:hikyaku:accounts","type":"accounts.mail-account-created","subject":"taro@example.jp","time":"2026-11-25T01:02:03.456Z","datacontenttype":"application/json","position":"42","traceparent":"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01","data":{"by": {"login": "太郎\n"}}}
                """,
            text);
        Assert.DoesNotContain('\n', text);
    }

    [Fact]
    public void A_filter_lets_through_what_all_of_it_allow()
    {
        var e = new FeedEvent(1, Guid.NewGuid(), "a.b", "urn:hikyaku:a", "x", default, "example.jp", "01", "taro@example.jp", null, "{}", false);

        Assert.True(FeedFilter.All.Matches(e));
        Assert.True(new FeedFilter(["example.com", "example.jp"], "taro@example.jp", ["a.b"]).Matches(e));
        Assert.True(new FeedFilter(null, "01").Matches(e));
        Assert.False(new FeedFilter(["example.com"]).Matches(e));
        Assert.False(new FeedFilter([]).Matches(e));
        Assert.False(new FeedFilter(null, "hanako@example.jp").Matches(e));
        Assert.False(new FeedFilter(null, null, ["a.c"]).Matches(e));
        Assert.False(new FeedFilter(["example.jp"]).Matches(e with { Domain = null }));
    }

    private static bool IsEvent(Type contract) => contract.GetProperty("EventId") is not null && contract.IsClass;

    private static Type Type(string contract) => RecordedContracts.All.Single(c => c.Name == contract);

    private static NewEvent Sample(string contract)
    {
        var constructor = Type(contract).GetConstructors().Single(c => c.GetParameters().Length > 1);
        return NewEvent.Of(constructor.Invoke([.. constructor.GetParameters().Select(p => Value(p.ParameterType))]), null);
    }

    private static object Value(Type type)
        => type == typeof(string) ? "text"
            : type == typeof(CausedBy) ? Published_contracts.Operator
            : type == typeof(Guid) ? Guid.NewGuid()
            : type == typeof(IReadOnlyList<string>) ? new[] { "text" }
            : type == typeof(DataCopy.Contracts.CopiedMessages) ? new DataCopy.Contracts.CopiedMessages(0, 0, 0, 0, 0)
            : Activator.CreateInstance(type)!;

    private static IEnumerable<string> FieldsOf(JsonObject o, string before = "")
        => o.SelectMany(f => f.Value is JsonObject inner ? FieldsOf(inner, $"{before}{f.Key}.") : [before + f.Key]);

    [GeneratedRegex("Password|Passwd|Hash|Secret|Token|Credential|Salt|Key", RegexOptions.IgnoreCase)]
    private static partial Regex Secret();
}
