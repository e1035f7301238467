using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Hikyaku.MailNode.Contracts;
using Hikyaku.Platform;
using Hikyaku.Restrictions.Accounts;
using Hikyaku.Restrictions.Judging;
using Marten;
using Npgsql;

namespace Hikyaku.Restrictions.Policy;

/// <summary>Thresholds to try on what was observed.</summary>
/// <param name="Values">Numbers by name; one that is absent is the present policy's.</param>
/// <param name="SharedFetchers">Networks that many people share; absent: the present policy's.</param>
/// <param name="Domain">Only the accounts of this domain; absent: all.</param>
/// <param name="From">From when on; absent: a week ago.</param>
/// <param name="To">Until when; absent: now.</param>
public sealed record TrialBody(IReadOnlyDictionary<string, JsonElement?>? Values, IReadOnlyList<string?>? SharedFetchers = null, string? Domain = null, string? From = null, string? To = null);

/// <summary>Who would have been restricted (RST-5).</summary>
/// <param name="From">From when on.</param>
/// <param name="To">Until when.</param>
/// <param name="Facts">How many facts were tried.</param>
/// <param name="Accounts">How many accounts the tried thresholds would have restricted.</param>
/// <param name="NowAccounts">How many the present ones would have.</param>
/// <param name="Items">What would have been decided, oldest first, 1,000 at most.</param>
public sealed record TrialView(DateTimeOffset From, DateTimeOffset To, long Facts, int Accounts, int NowAccounts, IReadOnlyList<TrialItem> Items);

/// <summary>One restriction that would have been.</summary>
/// <param name="Account">The account's address.</param>
/// <param name="Kind">One of <see cref="Kinds"/>.</param>
/// <param name="Rule">Of which rule.</param>
/// <param name="Since">From when on.</param>
/// <param name="Until">Until when; absent: until its password would have been changed.</param>
/// <param name="Network">From which network only.</param>
/// <param name="NowAlso">Whether the present thresholds restrict the account in this way, too.</param>
/// <param name="OtherSigns">Whether it shows other signs of abuse: if not, it may be a mistake.</param>
public sealed record TrialItem(string Account, string Kind, string Rule, DateTimeOffset Since, DateTimeOffset? Until, string? Network, bool NowAlso, bool OtherSigns);

/// <summary>Tries thresholds on the facts of the last days, by the judges that decide.</summary>
internal static class TryPolicy
{
    private const int MostItems = 1000;

    private const string Facts =
        $"""
        select at, account_id, name, 'login' as kind, network, success, coalesce(password, id), 0, 0 from login where (failure is null or failure = '{LoginFailures.Credentials}') and account_id is not null
        union all select at, account_id, (select address from mailbox_space m where m.account_id = s.account_id), 'sent', network, 1, '', recipients, first_time from submission s where account_id is not null
        union all select at, account_id, (select address from mailbox_space m where m.account_id = s.account_id), kind, null, 1, '', 0, 0 from sending_sign s
        """;

    /// <summary><c>POST /api/v1/restriction-policy/trial</c> → 200; nothing is saved.</summary>
    public static async Task<IResult> Handle(TrialBody body, IDocumentStore store, NpgsqlDataSource database, TimeProvider time, CancellationToken stop)
    {
        var broken = new List<Rejection>();
        var values = ChangePolicy.Read(body.Values, broken);
        var networks = ChangePolicy.Read(TypedNetwork.Of(body.SharedFetchers), broken);
        var now = time.GetUtcNow();
        if (!TryRead(body.From, now.AddDays(-7), out var from) || from > now) broken.Add(new(RestrictionsProblems.UntilMalformed, "from"));
        if (!TryRead(body.To, now, out var to) || to < from) broken.Add(new(RestrictionsProblems.UntilMalformed, "to"));
        string? domain = null;
        if (body.Domain is not null && !InternetNames.TryReadDomain(body.Domain, out domain)) broken.Add(new(PlatformProblems.BadParameter, "domain", ("name", "domain")));
        if (broken.Count > 0) return Problems.Of(broken);

        await using var session = store.QuerySession();
        var policies = await session.Query<RestrictionPolicy>().ToListAsync(stop);
        var platform = policies.FirstOrDefault(p => p.Domain is null);
        var present = new Trial(name => Policies.Of(platform, policies.FirstOrDefault(p => p.Domain == name)), domain);
        var tried = new Trial(
            name => Policies.Of(platform, policies.FirstOrDefault(p => p.Domain == name)) is var t ? t with { Set = t.Set.SetItems(values), SharedFetchers = body.SharedFetchers is null ? t.SharedFetchers : [.. networks.Select(System.Net.IPNetwork.Parse)] } : t, domain);
        var facts = 0L;
        await foreach (var fact in ReadAsync(database, from - TimeSpan.FromDays(30), to, stop))
        {
            if (fact.At >= from && (domain is null || fact.Account.Domain == domain)) facts++;
            present.Take(fact, fact.At >= from);
            tried.Take(fact, fact.At >= from);
        }

        var also = present.Items.Select(i => (i.Account, i.Kind)).ToHashSet();
        return new Answer(200, new TrialView(from, to, facts, Accounts(tried), Accounts(present), [.. tried.Items.Take(MostItems).Select(i => i with { NowAlso = also.Contains((i.Account, i.Kind)) })]));

        static int Accounts(Trial trial) => trial.Items.Select(i => i.Account).Distinct().Count();
    }

    private static bool TryRead(string? typed, DateTimeOffset otherwise, out DateTimeOffset time)
    {
        time = otherwise;
        if (typed is null) return true;
        var isRead = DateTimeOffset.TryParse(typed, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out time);
        time = time.ToUniversalTime();
        return isRead;
    }

    /// <summary>The facts between two times, in their order.</summary>
    internal static async IAsyncEnumerable<PastFact> ReadAsync(NpgsqlDataSource database, DateTimeOffset from, DateTimeOffset to, [EnumeratorCancellation] CancellationToken stop)
    {
        await using var command = database.CreateCommand($"select * from ({Facts}) as f where at >= $1 and at <= $2 order by at");
        command.Parameters.Add(new() { Value = from.ToUniversalTime() });
        command.Parameters.Add(new() { Value = to.ToUniversalTime() });
        await using var row = await command.ExecuteReaderAsync(stop);
        while (await row.ReadAsync(stop))
        {
            if (!InternetNames.TryReadAddress(row.TextOrNull(2), out var address, out var domain)) continue;
            var (at, account) = (row.GetFieldValue<DateTimeOffset>(0), new Target(row.GetString(1), address, domain, 0));
            yield return row.GetString(3) switch
            {
                "login" => new PastLogin(at, account, row.TextOrNull(4), row.GetInt64(5) == 1, row.GetString(6)),
                "sent" => new PastSubmission(at, account, row.TextOrNull(4), row.GetInt64(7), row.GetInt64(8)),
                var kind => new PastSign(at, account, kind),
            };
        }
    }

    // One pass over the facts by one set of thresholds.
    private sealed class Trial(Func<string, Thresholds> thresholds, string? domain)
    {
        private readonly Dictionary<string, AccountReplay> _accounts = [];
        private readonly Dictionary<string, Thresholds> _thresholds = [];
        private readonly DomainTotals _domains = new();

        public List<TrialItem> Items { get; } = [];

        public void Take(PastFact fact, bool isJudged)
        {
            if (fact is PastSubmission sent) _domains.Add(sent);
            if (domain is not null && fact.Account.Domain != domain) return;
            if (!_accounts.TryGetValue(fact.Account.AccountId, out var account)) _accounts[fact.Account.AccountId] = account = new(fact.Account);
            if (!_thresholds.TryGetValue(fact.Account.Domain, out var counts)) _thresholds[fact.Account.Domain] = counts = thresholds(fact.Account.Domain);
            foreach (var decided in account.Take(fact, counts, _domains, isJudged))
                Items.Add(new(fact.Account.Address, decided.Kind, decided.Rule, decided.At, decided.Until, decided.Network, NowAlso: false, account.HasOtherSigns(decided, counts, _domains)));
        }
    }
}
