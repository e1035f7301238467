using System.Net;
using System.Text;
using Hikyaku.MailNode.Contracts;
using Hikyaku.Platform;
using Hikyaku.Platform.Testing;
using Hikyaku.Routing.Contracts;
using Hikyaku.Spam.Contracts;
using MassTransit;
using static Hikyaku.Platform.Testing.ServiceUnderTest;

namespace Hikyaku.Spam.Tests.Integration;

/// <summary>What would happen to a message, now and by the settings of an earlier time. The test is the mail node and the routing service at the broker.</summary>
[Trait("Rule", "OPS-4")]
public sealed class Tracing_samples(SpamService service) : IClassFixture<SpamService>, IAsyncLifetime
{
    private readonly Target _account = NewAccount();
    private readonly TaskCompletionSource<TraceAsked> _asked = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private IBusControl _nodes = null!;

    public async ValueTask InitializeAsync() => _nodes = await Listener.StartAsync(service.NodeVirtualHost, e => e.Handler<TraceAsked>(c =>
    {
        if (c.Message.AccountId != _account.AccountId) return Task.CompletedTask;
        _asked.TrySetResult(c.Message);
        return service.PublishAsync(new MessageTraced(Node, c.Message.RequestId, 2, 1, new("spam", 9, null), "Junk", [], false, ["RULE 9.00"]));
    }));

    public async ValueTask DisposeAsync() => await _nodes.StopAsync();

    [Fact]
    public async Task A_message_of_now_is_judged_by_what_the_node_obeys()
    {
        var reply = await TraceAsync("?sender=somebody@outside.test");
        Assert.Equal((HttpStatusCode.OK, "Junk"), (reply.Status, (string?)reply.Body!["outcome"]!["stored"]));
        var asked = await _asked.Task;
        Assert.Equal(("somebody@outside.test", null), (asked.Sender, asked.Settings));
        Assert.Equal("Subject: sale\r\n\r\ntext\r\n", Encoding.ASCII.GetString(Convert.FromBase64String(asked.Message)));
    }

    [Fact]
    public async Task Of_an_earlier_time_by_the_settings_of_then()
    {
        await service.AddDomainAsync(_account.Domain);
        await Eventually.Async(() => service.DnsAsync(_account.Domain), r => (bool?)r.Body?["standing"]?["inForce"] == true);
        await service.SetAsync(_account, true, true);
        var then = DateTimeOffset.UtcNow;
        await service.SetAsync(_account, false, false);
        DateTimeOffset? routedAt = null;
        var routing = await Listener.StartAsync(service.VirtualHost, e => e.Handler<RoutingAsked>(c =>
        {
            routedAt = c.Message.At;
            return service.PublishAsync(new RoutingTold(c.Message.RequestId, new(c.Message.AccountId, Receives: false, Replies: true, "keep;", [new(4, "a@else.test")], 7, 0, Deleted: false)));
        }));
        try
        {
            Assert.Equal(HttpStatusCode.OK, (await TraceAsync($"?at={then:yyyy-MM-ddTHH:mm:ss.fffffffZ}")).Status);
        }
        finally
        {
            await routing.StopAsync();
        }

        var settings = (await _asked.Task).Settings!;
        Assert.Equal(then, routedAt);
        Assert.Equal([new(4, "a@else.test")], settings.Forwards);
        Assert.Equal(new(Receives: false, "keep;", settings.Forwards, 7, TagSubject: true, SortToJunk: true, 2, InForce: true), settings);
    }

    [Fact]
    public async Task While_the_routing_service_is_away_an_earlier_time_is_not_answered_wrongly()
    {
        var reply = await TraceAsync("?at=2026-11-01T00:00:00Z");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, reply.Status);
        Assert.False(_asked.Task.IsCompleted);
    }

    [Theory]
    [InlineData("yesterday")]
    [InlineData("2026-11-01")]
    public async Task What_is_no_time_is_refused(string at)
    {
        var reply = await TraceAsync($"?at={at}");
        Assert.Equal(HttpStatusCode.BadRequest, reply.Status);
    }

    private Task<Reply> TraceAsync(string query)
        => service.SendAsync(HttpMethod.Post, _account, $"trace{query}", new StringContent("Subject: sale\r\n\r\ntext\r\n", Encoding.ASCII, "message/rfc822"));
}
