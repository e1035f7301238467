using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Hikyaku.MailNode.Contracts;
using Hikyaku.Platform;
using Hikyaku.Platform.Testing;
using Hikyaku.Restrictions.Accounts;
using static Hikyaku.Platform.Testing.ServiceUnderTest;

namespace Hikyaku.Restrictions.Tests.Integration;

/// <summary>Tests that read the meters of this process: services of other tests would be counted with theirs.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class MetersOfOneService : ICollectionFixture<RestrictionsService>
{
    public const string Name = "meters of one service";
}

/// <summary>The numbers that operators watch.</summary>
[Collection(MetersOfOneService.Name)]
public sealed class Restriction_metrics(RestrictionsService service) : IDisposable
{
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(60);
    private readonly Target _account = NewAccount();
    private readonly ConcurrentBag<(string Name, double Value, string Tags)> _measured = [];
    private readonly MeterListener _listener = new();

    [Fact, Trait("Rule", "RST-2"), Trait("Rule", "RST-6"), Trait("Rule", "OPS-5")]
    public async Task Restrictions_are_counted_by_kind_and_rule_and_by_what_ended_them()
    {
        Listen();
        var guessed = DateTimeOffset.UtcNow.AddSeconds(-3);
        await service.FailAsync(_account, "203.0.113.5", 10, at: guessed);
        await service.HoldAsync(_account, Kinds.AccountLocked);
        await service.PlaceAsync(_account, Kinds.SendingLocked);
        await service.PlaceAsync(_account, Kinds.CompromiseSuspected);
        await service.LiftAsync(_account, Kinds.SendingLocked);
        await service.ChangePasswordAsync(_account, "operator", "192.0.2.1");
        await service.HoldAsync(_account, Kinds.AccountLocked);

        await Eventually.Async(() => Sum("hikyaku.restrictions.lifted") == 2, Long);
        Assert.Equal(["kind=account-locked rule=wrong-passwords", "kind=compromise-suspected rule=operator", "kind=sending-locked rule=operator"], Tags("hikyaku.restrictions.placed"));
        Assert.Equal(["cause=operator kind=sending-locked", "cause=password-changed kind=compromise-suspected"], Tags("hikyaku.restrictions.lifted"));
        // From the last wrong password to the decision.
        var after = Assert.Single(_measured, m => m.Name == "hikyaku.restrictions.decided_after").Value;
        Assert.InRange(after, 3, (DateTimeOffset.UtcNow - guessed).TotalSeconds);
    }

    [Fact, Trait("Rule", "RST-2"), Trait("Rule", "OPS-5")]
    public async Task The_time_from_fact_to_force_ends_when_every_node_obeys()
    {
        // Decisions of other tests wait for a node to obey at the service that they share.
        await using var own = new RestrictionsService();
        await own.InitializeAsync();
        Listen();
        await own.RenewLeaseAsync(0);
        var guessed = DateTimeOffset.UtcNow.AddSeconds(-2);
        await own.FailAsync(_account, "203.0.113.5", 10, at: guessed);
        await own.HoldAsync(_account, Kinds.AccountLocked);
        await Eventually.Async(() => Sum("hikyaku.restrictions.decided_after") > 0, Long);
        Assert.Equal(0, Sum("hikyaku.restrictions.in_force_after"));
        await own.RenewLeaseAsync(long.MaxValue);
        await Eventually.Async(() => Sum("hikyaku.restrictions.in_force_after") > 0, Long);
        var after = Assert.Single(_measured, m => m.Name == "hikyaku.restrictions.in_force_after").Value;
        Assert.InRange(after, _measured.Single(m => m.Name == "hikyaku.restrictions.decided_after").Value, (DateTimeOffset.UtcNow - guessed).TotalSeconds);
    }

    [Fact, Trait("Rule", "RST-2"), Trait("Rule", "OPS-5")]
    public async Task Wrong_passwords_are_counted_by_protocol_and_right_ones_are_not()
    {
        Listen();
        var at = DateTimeOffset.UtcNow;
        LoginObserved Of(string protocol, bool success, int count, string? failure)
            => RestrictionsService.Login(_account, "203.0.113.5", success, at, success ? null : "p") with { Protocol = protocol, Count = count, Failure = failure };
        await service.LogInsAsync(
        [
            Of("imap", false, 3, LoginFailures.Credentials), Of("imap", false, 4, LoginFailures.Credentials), Of("panel", false, 1, LoginFailures.Credentials),
            Of("pop3", true, 9, null), Of("smtp", false, 8, LoginFailures.Restricted),
        ]);
        await Eventually.Async(() => service.LoginFactsAsync(_account), n => n == 5);
        await Eventually.Async(() => Sum("hikyaku.restrictions.wrong_passwords") >= 8, Long);
        Assert.Equal(8, Sum("hikyaku.restrictions.wrong_passwords"));
        Assert.Equal(["protocol=imap", "protocol=panel"], Tags("hikyaku.restrictions.wrong_passwords"));
    }

    [Fact, Trait("Rule", "RST-1"), Trait("Rule", "OPS-5")]
    public async Task What_holds_now_is_measured_by_kind()
    {
        await using var own = new RestrictionsService();
        await own.InitializeAsync();
        var other = NewAccount();
        await own.PlaceAsync(_account, Kinds.SendingLocked);
        await own.PlaceAsync(other, Kinds.SendingLocked);
        await own.PlaceAsync(other, Kinds.CompromiseSuspected);
        Listen();
        await Eventually.Async(() => Read() is var now && now.Contains("2 sending-locked") && now.Contains("1 compromise-suspected"), Long);
        await own.LiftAsync(other, Kinds.SendingLocked);
        await Eventually.Async(() => Read() is var now && now.Contains("1 sending-locked") && !now.Contains("2 sending-locked"), Long);

        List<string> Read()
        {
            _measured.Clear();
            _listener.RecordObservableInstruments();
            return [.. _measured.Where(m => m.Name == "hikyaku.restrictions.active").Select(m => $"{m.Value} {m.Tags["kind=".Length..]}")];
        }
    }

    public void Dispose() => _listener.Dispose();

    private void Listen()
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter == Telemetry.Meter && instrument.Name.StartsWith("hikyaku.restrictions.", StringComparison.Ordinal)) listener.EnableMeasurementEvents(instrument);
        };
        _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Note(instrument, value, tags));
        _listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Note(instrument, value, tags));
        _listener.Start();
    }

    private void Note(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
        => _measured.Add((instrument.Name, value, string.Join(' ', tags.ToArray().Select(t => $"{t.Key}={t.Value}").Order(StringComparer.Ordinal))));

    private double Sum(string name) => _measured.Where(m => m.Name == name).Sum(m => m.Value);

    private IEnumerable<string> Tags(string name) => _measured.Where(m => m.Name == name).Select(m => m.Tags).Distinct().Order(StringComparer.Ordinal);
}
