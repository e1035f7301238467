using Hikyaku.Platform.Testing;
using System.Net;
using System.Text;
using Hikyaku.Feed.Webhooks;
using Microsoft.Extensions.Configuration;

namespace Hikyaku.Feed.Tests.Specs;

[Trait("Rule", "OPS-2")]
public sealed class Judging_receivers
{
    private static readonly RetryTimes Times = RetryTimes.From(new ConfigurationBuilder().Build());
    private readonly SteppedTime _time = new();

    [Fact]
    public void The_pause_between_attempts_doubles_up_to_an_hour()
    {
        var health = WebhookHealth.Begin(Now);
        var pauses = new List<double>();
        for (var n = 0; n < 14; n++)
        {
            health = Fail(health);
            pauses.Add((health.NotBefore!.Value - Now).TotalSeconds);
        }

        Assert.Equal([5, 10, 20, 40, 80, 160, 320, 640, 1280, 2560, 3600, 3600, 3600, 3600], pauses);
        Assert.Equal(14, health.Failures);
    }

    [Fact]
    public void Receivers_that_fail_together_are_not_tried_together()
    {
        var health = WebhookHealth.Begin(Now);
        Assert.Equal(TimeSpan.FromSeconds(2.5), health.AfterFailure(Failed(DeliveryErrors.Timeout), Now, Times, 0).NotBefore - Now);
        Assert.Equal(TimeSpan.FromSeconds(5), health.AfterFailure(Failed(DeliveryErrors.Timeout), Now, Times, 1).NotBefore - Now);
    }

    [Theory]
    [InlineData(120, 120)]
    [InlineData(3, 5)] // the pause is longer
    [InlineData(-60, 5)]
    [InlineData(86_400, 3600)]
    public void A_receiver_that_asks_for_time_gets_it_up_to_the_longest_pause(int asked, int given)
        => Assert.Equal(
            TimeSpan.FromSeconds(given),
            WebhookHealth.Begin(Now).AfterFailure(Failed(DeliveryErrors.Status) with { RetryAfter = TimeSpan.FromSeconds(asked) }, Now, Times, 1).NotBefore - Now);

    [Fact]
    public void After_a_day_of_failures_it_is_paused()
    {
        var health = Fail(WebhookHealth.Begin(Now));
        var begun = Now;
        _time.Pass(TimeSpan.FromHours(24) - TimeSpan.FromSeconds(1));
        health = Fail(health);
        Assert.Equal((WebhookHealth.Failing, begun), (health.State, health.Since));

        _time.Pass(TimeSpan.FromSeconds(1));
        health = Fail(health);
        Assert.Equal((WebhookHealth.Paused, WebhookHealth.FailedTooLong, Now), (health.State, health.Reason, health.Since));
        Assert.Null(health.NotBefore);
    }

    [Fact]
    public void One_success_ends_the_count()
    {
        var health = Fail(WebhookHealth.Begin(Now));
        _time.Pass(TimeSpan.FromHours(23));
        health = health.AfterSuccess(Now);
        Assert.Equal(WebhookHealth.Begin(Now), health);

        _time.Pass(TimeSpan.FromHours(2));
        Assert.Equal(WebhookHealth.Failing, Fail(health).State);
    }

    [Fact]
    public void Who_wants_no_more_is_paused_at_once()
        => Assert.Equal((WebhookHealth.Paused, DeliveryErrors.Gone), WebhookHealth.Begin(Now).AfterFailure(Failed(DeliveryErrors.Gone), Now, Times, 1) is var h ? (h.State, h.Reason!) : default);

    [Fact]
    public void A_signature_is_that_of_the_specifications_example()
        => Assert.Equal(
            "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
            WebhookSignature.Of(["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"], "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, Encoding.UTF8.GetBytes("""{"test": 2432232314}""")));

    [Theory, Trait("Rule", "SEC-3")]
    [InlineData("1.1.1.1", true)]
    [InlineData("203.0.114.1", true)]
    [InlineData("172.32.0.1", true)]
    [InlineData("2606:4700::1111", true)]
    [InlineData("::ffff:1.1.1.1", true)]
    [InlineData("172.16.0.1", false)]
    [InlineData("192.0.2.1", false)]
    [InlineData("198.19.255.255", false)]
    [InlineData("240.0.0.1", false)]
    [InlineData("::ffff:192.168.1.1", false)]
    [InlineData("64:ff9b::1.1.1.1", false)]
    [InlineData("64:ff9b:1::1", false)]
    [InlineData("2002:101:101::1", false)]
    [InlineData("2001::1", false)]
    [InlineData("2001:db8::1", false)]
    [InlineData("fc00::1", false)]
    [InlineData("fe80::1%1", false)]
    [InlineData("fec0::1", false)]
    [InlineData("::", false)]
    [InlineData("::1.1.1.1", false)]
    public void Only_public_addresses_are_called(string address, bool permitted)
    {
        Assert.Equal(permitted, Guard(null).Permits(IPAddress.Parse(address), withTls: true));
        Assert.False(Guard(null).Permits(IPAddress.Parse(address), withTls: false));
    }

    [Fact, Trait("Rule", "SEC-3")]
    public void An_operator_may_allow_a_network()
    {
        var guard = Guard("127.0.0.0/8, fd00::/8");
        Assert.All(new[] { "127.9.9.9", "::ffff:127.0.0.1", "fd12::1" }, a => Assert.True(guard.Permits(IPAddress.Parse(a), withTls: false)));
        Assert.All(new[] { "10.0.0.1", "::1", "fc00::1" }, a => Assert.False(guard.Permits(IPAddress.Parse(a), withTls: true)));
    }

    private DateTimeOffset Now => _time.GetUtcNow();

    private WebhookHealth Fail(WebhookHealth health) => health.AfterFailure(Failed(DeliveryErrors.Status), Now, Times, 1);

    private Attempt Failed(string error) => new(Now, 7, null, error);

    private static AddressGuard Guard(string? allowed)
        => new(new ConfigurationBuilder().AddInMemoryCollection([new("Hikyaku:WebhookAllow", allowed)]).Build());
}
