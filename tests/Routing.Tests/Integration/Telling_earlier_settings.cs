using Hikyaku.Platform;
using Hikyaku.Platform.Testing;
using Hikyaku.Routing.Contracts;
using MassTransit;
using Microsoft.Extensions.DependencyInjection;
using static Hikyaku.Platform.Testing.ServiceUnderTest;

namespace Hikyaku.Routing.Tests.Integration;

/// <summary>Another service asks how an account's mail was routed.</summary>
[Trait("Rule", "OPS-4")]
public sealed class Telling_earlier_settings(RoutingService service)
{
    private readonly Target _account = NewAccount();

    [Fact]
    public async Task The_script_of_then_is_told_and_not_that_of_now()
    {
        var before = DateTimeOffset.UtcNow;
        await service.ForwardAsync(_account, "subject", "sale", "first@else.test");
        var then = DateTimeOffset.UtcNow;
        await service.ForwardAsync(_account, "subject", "offer", "second@else.test");

        var nothing = await AskAsync(before);
        Assert.Equal((_account.AccountId, true, "", 0L), (nothing.AccountId, nothing.Receives, nothing.Script, nothing.Version));
        Assert.Empty(nothing.Forwards);
        var one = await AskAsync(then);
        Assert.Equal(["first@else.test"], one.Forwards.Select(f => f.Destination));
        Assert.Contains("sale", one.Script, StringComparison.Ordinal);
        Assert.DoesNotContain("offer", one.Script, StringComparison.Ordinal);
        var both = await AskAsync(DateTimeOffset.UtcNow.AddHours(1));
        Assert.Equal(["first@else.test", "second@else.test"], both.Forwards.Select(f => f.Destination));
        Assert.True(both.Version > one.Version && one.Version > 0);
    }

    private async Task<RoutingState> AskAsync(DateTimeOffset at)
    {
        var (request, answer) = (Guid.NewGuid().ToString("N"), new TaskCompletionSource<RoutingState>());
        var listener = await Listener.StartAsync(service.VirtualHost, e => e.Handler<RoutingTold>(c =>
        {
            if (c.Message.RequestId == request) answer.TrySetResult(c.Message.State);
            return Task.CompletedTask;
        }));
        try
        {
            await service.App.Services.GetRequiredService<IBus>().Publish(new RoutingAsked(request, _account.AccountId, at));
            return await answer.Task.WaitAsync(TimeSpan.FromSeconds(60));
        }
        finally
        {
            await listener.StopAsync();
        }
    }
}
