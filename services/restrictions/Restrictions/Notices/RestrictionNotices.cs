using System.Globalization;
using Hikyaku.Contracts;
using Hikyaku.Platform;
using Hikyaku.Restrictions.Accounts;
using JasperFx.Events;
using NoticeKinds = Hikyaku.Restrictions.Contracts.NoticeKinds;

namespace Hikyaku.Restrictions.Notices;

/// <summary>
/// Tells the account's user, its administrators and operators that a restriction began or has ended (RST-7). Locks of one network are told to
/// nobody: they come and go by themselves, and who logs in elsewhere does not notice them.
/// </summary>
internal static class RestrictionNotices
{
    private static readonly NoticeAudience All = new(Administrators: true, Operators: true, Owner: true);

    /// <summary>Those of some events; pure.</summary>
    /// <param name="page">The events.</param>
    /// <param name="addresses">Addresses of accounts, by their ids.</param>
    public static IReadOnlyList<NoticeRaised> Of(IReadOnlyList<IEvent> page, IReadOnlyDictionary<string, string> addresses)
        => [.. page.Select(e => Of(e, addresses)).OfType<NoticeRaised>()];

    private static NoticeRaised? Of(IEvent e, IReadOnlyDictionary<string, string> addresses) => e.Data switch
    {
        AccountRestricted { Network: null, Address.Length: > 0 } r => new(
            e.Id, NoticeKinds.RestrictionBegan, r.At, All, r.Domain, r.AccountId, r.Address, Job: null, Problems.InEveryLanguage(language => Began(r, language)),
            Replaces: $"{Program.Service} {r.Reference}"),
        RestrictionLifted l when addresses.TryGetValue(e.StreamKey!, out var address) && (l.Kind != Kinds.AccountLocked || l.Cause != LiftCauses.Time) => new(
            e.Id, NoticeKinds.RestrictionEnded, l.At, All, l.Domain, e.StreamKey!, address, Job: null,
            Problems.InEveryLanguage(language => Problems.Text(new(RestrictionTexts.Ended, null, ("a", address), ("word", Word(l.Kind, language))), language)),
            Replaces: $"{Program.Service} {l.References[0]}"),
        _ => null,
    };

    private static string Began(AccountRestricted r, CultureInfo language)
    {
        var texts = RestrictionTexts.Of(r.Kind);
        var text = r.Until is null ? RestrictionTexts.Began : RestrictionTexts.BeganUntil;
        return Problems.Text(
            new(text, null, ("a", r.Address), ("word", Word(r.Kind, language)), ("effect", Problems.Text(new(texts.Effect), language)), ("remedy", Problems.Text(new(texts.Remedy), language)),
                ("r", r.Reference), ("until", r.Until?.ToString("u", CultureInfo.InvariantCulture) ?? "")), language);
    }

    private static string Word(string kind, CultureInfo language) => Problems.Text(new(RestrictionTexts.Of(kind).Word), language);
}
