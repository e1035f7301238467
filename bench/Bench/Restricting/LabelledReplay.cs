using Hikyaku.Platform;
using Hikyaku.Restrictions.Judging;
using Hikyaku.Restrictions.Policy;

namespace Hikyaku.Bench.Restricting;

/// <summary>
/// A month of facts of accounts of which it is known who was broken into, judged by the default thresholds in its last week, with the counts of
/// a policy trial. The people are made up: offices, travellers, phones with an old password, newsletters to known readers; so are the intruders,
/// fast and slow, with and without guessing before.
/// </summary>
internal sealed class LabelledReplay
{
    private const int Seed = 20261130, Offices = 300, Travellers = 40, OldPhones = 40, Newsletters = 20, Typists = 40, Intrusions = 60;
    private static readonly DateTimeOffset Begin = new(2026, 10, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly DateTimeOffset JudgedFrom = Begin.AddDays(23);
    private readonly Random _random = new(Seed);
    private readonly List<PastFact> _facts = [];
    private readonly HashSet<PastFact> _intruders = new(ReferenceEqualityComparer.Instance);
    private int _networks;

    /// <summary>What came of the replay.</summary>
    /// <param name="People">How many accounts nobody broke into.</param>
    /// <param name="Mistakes">How many of those were kept from sending, or locked out of a network that is theirs, by what they are.</param>
    /// <param name="Reached">Recipients that each intruder reached before the account was stopped.</param>
    /// <param name="NeverStopped">Intruders who were not stopped.</param>
    public sealed record Outcome(int People, IReadOnlyList<string> Mistakes, IReadOnlyList<double> Reached, int NeverStopped);

    /// <summary>Makes the facts and judges them.</summary>
    public static Outcome Run() => new LabelledReplay().Judge();

    private Outcome Judge()
    {
        var people = new Dictionary<string, string>();
        Make("office", Offices, (a, n) => Office(a, n, 4));
        Make("traveller", Travellers, Traveller);
        Make("phone with an old password", OldPhones, OldPhone);
        Make("newsletter", Newsletters, Newsletter);
        Make("mistyped", Typists, Typist);
        for (var i = 0; i < Intrusions; i++) BreakInto(NewAccount($"victim{i}"), NewNetwork(), i);

        var (accounts, domains) = (new Dictionary<string, AccountReplay>(), new DomainTotals());
        var (mistakes, reached, stopped) = (new List<string>(), new Dictionary<string, double>(), new HashSet<string>());
        foreach (var fact in _facts.OrderBy(f => f.At))
        {
            var (id, isIntruder) = (fact.Account.AccountId, _intruders.Contains(fact));
            // Who was stopped sends no more.
            if (isIntruder && stopped.Contains(id)) continue;
            if (fact is PastSubmission sent)
            {
                domains.Add(sent);
                if (isIntruder) reached[id] = reached.GetValueOrDefault(id) + sent.Recipients;
            }

            if (!accounts.TryGetValue(id, out var account)) accounts[id] = account = new(fact.Account);
            foreach (var decided in account.Take(fact, Thresholds.Defaults, domains, fact.At >= JudgedFrom))
            {
                if (people.TryGetValue(id, out var kind)) mistakes.Add($"{kind}: {decided.Rule}");
                else if (decided.Kind != Hikyaku.Restrictions.Accounts.Kinds.AccountLocked) stopped.Add(id);
            }
        }

        return new(people.Count, mistakes, [.. reached.Values], Intrusions - stopped.Count);

        void Make(string kind, int count, Action<Target, string> make)
        {
            for (var i = 0; i < count; i++)
            {
                var account = NewAccount($"{kind[0]}{i}");
                people[account.AccountId] = kind;
                make(account, NewNetwork());
            }
        }
    }

    // Logs in from the office and at home, writes to people it knows, and now and then to somebody new.
    private void Office(Target account, string network, int aDay)
    {
        var home = NewNetwork();
        for (var day = 0; day < 30; day++)
        {
            var morning = Begin.AddDays(day).AddHours(_random.Next(0, 3));
            LogIn(account, network, morning);
            if (_random.Next(3) == 0) LogIn(account, home, morning.AddHours(11));
            if (_random.Next(20) == 0) LogIn(account, NewNetwork(), morning.AddHours(8)); // somebody else's Wi-Fi
            for (var i = _random.Next(1, aDay * 2); i > 0; i--)
            {
                var recipients = _random.Next(10) == 0 ? _random.Next(5, 30) : _random.Next(1, 4);
                Send(account, network, morning.AddMinutes(_random.Next(480)), recipients, day == 0 ? recipients : Enumerable.Range(0, recipients).Count(_ => _random.Next(12) == 0));
            }
        }
    }

    private void Traveller(Target account, string network)
    {
        Office(account, network, 3);
        for (var day = 10; day < 30; day++)
        {
            for (var i = _random.Next(1, 4); i > 0; i--)
            {
                var (elsewhere, at) = (NewNetwork(), Begin.AddDays(day).AddMinutes(_random.Next(1440)));
                LogIn(account, elsewhere, at);
                if (_random.Next(2) == 0) Send(account, elsewhere, at.AddMinutes(3), _random.Next(1, 4), 1);
            }
        }
    }

    private void OldPhone(Target account, string network)
    {
        Office(account, network, 4);
        for (var minute = 0; minute < 1440; minute += 5) Fail(account, network, JudgedFrom.AddDays(2).AddMinutes(minute), "last year's");
    }

    private void Typist(Target account, string network)
    {
        Office(account, network, 4);
        var at = JudgedFrom.AddDays(_random.Next(6)).AddHours(1);
        for (var i = _random.Next(3, 9); i > 0; i--) Fail(account, network, at.AddSeconds(20 * i), $"typed {i}");
        LogIn(account, network, at.AddMinutes(4));
    }

    private void Newsletter(Target account, string network)
    {
        Office(account, network, 2);
        var readers = _random.Next(1000, 5000);
        for (var week = 0; week < 4; week++)
        {
            var at = Begin.AddDays(2 + week * 7).AddHours(9);
            for (var i = 0; i < readers; i += 50) Send(account, network, at.AddSeconds(i / 5), 50, week == 0 ? 50 : _random.Next(2));
            for (var i = 0; i < readers / 500; i++) Sign(account, at.AddMinutes(5 + i), SignKinds.Failed);
        }
    }

    // Some guess before, some know the password; some send at once to many, some slowly; other servers refuse some of it.
    private void BreakInto(Target account, string network, int number)
    {
        Office(account, network, 4);
        var (from, at) = (NewNetwork(), JudgedFrom.AddDays(_random.Next(6)).AddMinutes(_random.Next(1440)));
        if (number % 2 == 0)
        {
            for (var i = 0; i < 8; i++) Note(new PastLogin(at.AddSeconds(-60 * i), account, from, false, $"guess {i}"));
        }

        Note(new PastLogin(at, account, from, true, "right"));
        var (recipients, pause) = (number % 3) switch { 0 => (10, 2.0), 1 => (1, 6.0), _ => (3, 120.0) };
        for (var i = 0; i < 600; i++)
        {
            var now = at.AddSeconds(30 + i * pause);
            Note(new PastSubmission(now, account, from, recipients, recipients));
            if (_random.Next(100) < 15) Note(new PastSign(now.AddSeconds(10), account, SignKinds.Failed));
            if (_random.Next(100) < 10) Note(new PastSign(now.AddSeconds(1), account, SignKinds.Spam));
        }
    }

    private void Note(PastFact fact)
    {
        _facts.Add(fact);
        _intruders.Add(fact);
    }

    private void LogIn(Target account, string network, DateTimeOffset at) => _facts.Add(new PastLogin(at, account, network, true, "right"));

    private void Fail(Target account, string network, DateTimeOffset at, string password) => _facts.Add(new PastLogin(at, account, network, false, password));

    private void Send(Target account, string network, DateTimeOffset at, int recipients, int firstTime) => _facts.Add(new PastSubmission(at, account, network, recipients, firstTime));

    private void Sign(Target account, DateTimeOffset at, string kind) => _facts.Add(new PastSign(at, account, kind));

    private static Target NewAccount(string name) => new(name, $"{name}@{name}.example", $"{name}.example", 0);

    private string NewNetwork() => $"10.{++_networks / 250}.{_networks % 250}.0/24";
}
