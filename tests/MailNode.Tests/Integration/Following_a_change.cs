using System.Collections.Concurrent;
using System.Diagnostics;
using Hikyaku.Accounts.Contracts;
using Hikyaku.Platform;
using Hikyaku.Platform.Testing;

namespace Hikyaku.MailNode.Tests.Integration;

[Collection(OneNode.Name)]
public sealed class Following_a_change(NodeFixture fixture)
{
    private readonly MailNodeUnderTest _node = fixture.Node;

    [Fact, Trait("Rule", "OPS-5"), Trait("Rule", "SEC-4")]
    public async Task One_trace_without_address_or_hash_runs_from_the_publisher_to_the_report()
    {
        var account = await Account.OpenAsync(_node);
        var spans = new ConcurrentQueue<Activity>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name is "Hikyaku" or "MassTransit",
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = spans.Enqueue,
        };
        ActivitySource.AddActivityListener(listener);

        using var cause = Telemetry.Source.StartActivity("the command")!;
        var changed = await account.ChangePasswordAsync("Hanafubuki-93ab");
        var trace = cause.TraceId;
        await Eventually.Async(() => spans.Any(s => s.TraceId == trace && s.OperationName == "lease"));
        var apply = Assert.Single(spans, s => s.TraceId == trace && s.OperationName == "apply");
        Assert.Equal(nameof(MailboxState), apply.GetTagItem("hikyaku.part"));
        Assert.Equal(account.State.AccountId, apply.GetTagItem("hikyaku.key"));
        var told = string.Join(' ', spans.Where(s => s.Source.Name == "Hikyaku").SelectMany(s => s.TagObjects).Select(t => t.Value));
        Assert.DoesNotContain(account.Address, told, StringComparison.Ordinal);
        Assert.DoesNotContain(changed.State.PasswordHash!, told, StringComparison.Ordinal);
    }
}
