using Hikyaku.Panel.Parts;

namespace Hikyaku.Panel.Screens.Notices;

/// <summary>The words of notices, and where each leads.</summary>
public static class NoticeWords
{
    /// <summary>From so many on the platform counts no further.</summary>
    public const int MostCounted = 1000;

    /// <summary>Every kind, for choosing.</summary>
    public static readonly IReadOnlyList<string> Kinds =
    [
        "password-forcibly-changed", "restriction-began", "restriction-ended", "new-outside-destination", "job-finished", "domain-standing-lost",
        "sign-in-from-new-network", "second-factor-changed", "stale-definitions",
    ];

    /// <summary>What a notice tells.</summary>
    public static string Kind(string kind) => kind switch
    {
        "password-forcibly-changed" => NoticesTexts.Forced,
        "restriction-began" => NoticesTexts.RestrictionBegan,
        "restriction-ended" => NoticesTexts.RestrictionEnded,
        "new-outside-destination" => NoticesTexts.OutsideDestination,
        "job-finished" => NoticesTexts.JobFinished,
        "domain-standing-lost" => NoticesTexts.StandingLost,
        "sign-in-from-new-network" => NoticesTexts.NewNetwork,
        "second-factor-changed" => NoticesTexts.SecondFactor,
        "stale-definitions" => NoticesTexts.StaleDefinitions,
        _ => NoticesTexts.Other, // a kind of a later release
    };

    /// <summary>How many notices are unread, as the envelope in the header is read aloud.</summary>
    public static string Unread(int unread) => unread == 0 ? NoticesTexts.NoUnread : Format.Fill(NoticesTexts.Unread, Number(unread));

    /// <summary>The same as a number.</summary>
    public static string Number(int unread) => unread >= MostCounted ? $"{Format.Number(MostCounted - 1)}+" : Format.Number(unread);

    /// <summary>Where the remedy is, with its words; null when the notice needs none, or this release has no such screen.</summary>
    public static (string Path, string Words)? Remedy(NoticeRow notice, bool user)
    {
        ArgumentNullException.ThrowIfNull(notice);
        var account = user ? "/mail" : notice.Account is { } address ? Urls.Settings(address) : null;
        (string Path, string Words)? remedy = notice.Kind switch
        {
            "job-finished" when notice.Job is { } job => ($"{(user ? "/mail" : "")}/jobs/{job}", NoticesTexts.ToJob),
            "password-forcibly-changed" when account is not null && !user => (account + "/details?for=forced", NoticesTexts.ToNewPassword),
            "restriction-began" or "restriction-ended" when account is not null => (account + "/status", NoticesTexts.ToStatus),
            "new-outside-destination" when account is not null => (account + "/forwarding", NoticesTexts.ToForwarding),
            "domain-standing-lost" when !user => ($"/domains/{notice.Domain}/dns", NoticesTexts.ToDns),
            "sign-in-from-new-network" or "second-factor-changed" => (user ? "/mail/password" : "/me/second-factor", NoticesTexts.ToSecurity),
            "stale-definitions" => ("/ops/nodes", NoticesTexts.ToNodes),
            _ => null,
        };
        return remedy is { } found && ScreenRoutes.Have(found.Path) ? found : null;
    }
}
