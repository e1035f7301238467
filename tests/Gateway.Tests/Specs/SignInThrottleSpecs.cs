using Hikyaku.Platform.Testing;
using System.Net;
using Hikyaku.Gateway.SigningIn;

namespace Hikyaku.Gateway.Tests.Specs;

[Trait("Rule", "GWY-2"), Trait("Rule", "RST-3"), Trait("Rule", "SEC-5")]
public sealed class SignInThrottleSpecs
{
    private static readonly IPAddress Here = IPAddress.Parse("192.0.2.7");
    private static readonly IPAddress Neighbour = IPAddress.Parse("192.0.2.99");
    private static readonly IPAddress Elsewhere = IPAddress.Parse("198.51.100.7");

    private readonly SteppedTime _time = new();
    private readonly SignInThrottle _throttle;

    public SignInThrottleSpecs() => _throttle = new(new SignInLimits(10, 30, TimeSpan.FromMinutes(10), TimeSpan.FromMinutes(1)), _time);

    [Fact]
    public void The_eleventh_wrong_password_waits_until_the_first_is_ten_minutes_old()
    {
        for (var i = 0; i < 10; i++)
        {
            Assert.True(Try("taro", Here, $"wrong{i}"));
            _time.Pass(TimeSpan.FromSeconds(1));
        }

        Assert.Null(_throttle.Begin("taro", Here, "right", out var wait));
        Assert.Equal(TimeSpan.FromSeconds(590), wait);

        _time.Pass(wait);
        Assert.True(Try("taro", Here, "right", SignInOutcome.Right));
    }

    [Fact]
    public void The_same_wrong_password_counts_once_however_often_it_comes()
    {
        for (var i = 0; i < 1000; i++) Assert.True(Try("taro", Here, "old password of a mail client"));
        Assert.True(Try("taro", Here, "right", SignInOutcome.Right));
    }

    [Fact]
    public void Failures_from_one_network_do_not_lock_the_login_elsewhere()
    {
        for (var i = 0; i < 20; i++) Try("taro", Here, $"wrong{i}");

        Assert.False(Try("taro", Neighbour, "x"));
        Assert.True(Try("taro", Elsewhere, "x"));
    }

    [Fact]
    public void A_right_password_forgets_what_was_wrong_from_there()
    {
        for (var i = 0; i < 9; i++) Try("taro", Here, $"wrong{i}");
        Assert.True(Try("taro", Here, "right", SignInOutcome.Right));
        for (var i = 0; i < 10; i++) Assert.True(Try("taro", Here, $"wrong again{i}"));
        Assert.False(Try("taro", Here, "one more"));
    }

    [Fact]
    public void A_network_that_fails_with_thirty_logins_is_stopped_for_all_its_logins()
    {
        for (var i = 0; i < 30; i++) Assert.True(Try($"user{i}", Here, "same"));

        Assert.False(Try("somebody", Neighbour, "x"));
        Assert.True(Try("user1", Elsewhere, "same"));
        _time.Pass(TimeSpan.FromMinutes(10));
        Assert.True(Try("somebody", Here, "x"));
    }

    [Fact]
    public void Who_signs_in_after_a_mistake_does_not_count_against_their_network()
    {
        for (var i = 0; i < 200; i++)
        {
            Assert.True(Try($"user{i}", Here, "mistyped"));
            Assert.True(Try($"user{i}", Here, "right", SignInOutcome.Right));
        }
    }

    [Fact]
    public void Many_tries_at_once_are_not_more_than_one_after_the_other()
    {
        var underWay = Enumerable.Range(0, 50).Select(i => _throttle.Begin("taro", Here, $"wrong{i}", out _)).ToList();

        Assert.Equal(10, underWay.Count(t => t is not null));
    }

    [Fact]
    public void One_network_has_a_bounded_number_of_tries_under_way()
    {
        var underWay = Enumerable.Range(0, 100).Select(i => _throttle.Begin($"user{i}", Here, "x", out _)).OfType<SignInTry>().ToList();
        Assert.Equal(30, underWay.Count);

        foreach (var attempt in underWay)
        {
            attempt.Outcome = SignInOutcome.Right;
            attempt.Dispose();
        }

        Assert.True(Try("user99", Here, "x"));
    }

    [Fact]
    public async Task An_office_that_signs_in_all_at_once_waits_for_places_and_is_not_refused()
    {
        var tries = Enumerable.Range(0, 100).Select(i => _throttle.BeginAsync($"user{i}", Here, "x", CancellationToken.None)).ToList();
        Assert.Equal(30, tries.Count(t => t.IsCompleted));
        foreach (var running in tries)
        {
            var (attempt, _) = await running.WaitAsync(TimeSpan.FromSeconds(10));
            attempt!.Outcome = SignInOutcome.Right;
            attempt.Dispose();
        }
    }

    [Fact]
    public async Task Who_gets_no_place_in_time_is_refused_and_takes_nobody_elses()
    {
        var hurried = new SignInThrottle(new SignInLimits(10, 1, TimeSpan.FromMinutes(10), TimeSpan.FromMilliseconds(50)), _time);
        var (first, _) = await hurried.BeginAsync("user0", Here, "x", CancellationToken.None);
        var (refused, wait) = await hurried.BeginAsync("user1", Here, "x", CancellationToken.None);
        Assert.Null(refused);
        Assert.Equal(TimeSpan.FromSeconds(1), wait);

        first!.Outcome = SignInOutcome.Right;
        first.Dispose();
        Assert.NotNull((await hurried.BeginAsync("user2", Here, "x", CancellationToken.None)).Try);
    }

    [Fact]
    public async Task The_number_of_waiting_sign_ins_is_bounded_and_a_place_given_up_is_taken()
    {
        using var gone = new CancellationTokenSource();
        var running = Enumerable.Range(0, 30).Select(i => _throttle.Begin($"user{i}", Here, "x", out _)!).ToList();
        var leaves = _throttle.BeginAsync("leaves", Here, "x", gone.Token);
        var waits = Enumerable.Range(0, 199).Select(i => _throttle.BeginAsync($"waits{i}", Here, "x", CancellationToken.None)).ToList();
        Assert.Null((await _throttle.BeginAsync("too many", Here, "x", CancellationToken.None)).Try);

        await gone.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => leaves);
        running[0].Outcome = SignInOutcome.Right;
        running[0].Dispose();
        Assert.NotNull((await waits[0].WaitAsync(TimeSpan.FromSeconds(10))).Try);
    }

    [Fact]
    public void A_try_that_nobody_could_judge_does_not_count()
    {
        for (var i = 0; i < 100; i++) Assert.True(Try("taro", Here, $"try{i}", SignInOutcome.Unknown));
        Assert.True(Try("taro", Here, "right", SignInOutcome.Right));
    }

    [Fact]
    public void Its_memory_is_bounded_and_the_newest_failures_still_count()
    {
        for (var i = 0; i < 60_000; i++) Try("taro", new IPAddress([10, (byte)(i >> 8), (byte)i, 1]), "wrong");
        for (var i = 0; i < 10; i++) Try("taro", Here, $"wrong{i}");

        Assert.False(Try("taro", Here, "x"));
    }

    private bool Try(string login, IPAddress from, string password, SignInOutcome outcome = SignInOutcome.Wrong)
    {
        using var attempt = _throttle.Begin(login, from, password, out _);
        if (attempt is not null) attempt.Outcome = outcome;
        return attempt is not null;
    }
}
