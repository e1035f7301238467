namespace Hikyaku.Panel.Screens.Operations.Dashboard;

/// <summary>The words of series and of their parts.</summary>
public static class StatWords
{
    /// <summary>The series in the order in which they are shown.</summary>
    public static readonly IReadOnlyList<string> All = ["mail", "verdicts", "logins", "restrictions", "accounts", "jobs", "bulk"];

    /// <summary>What a series is about.</summary>
    public static string Title(string series) => series switch
    {
        "mail" => DashboardTexts.Mail,
        "verdicts" => DashboardTexts.Verdicts,
        "logins" => DashboardTexts.Logins,
        "restrictions" => DashboardTexts.Restrictions,
        "accounts" => DashboardTexts.Accounts,
        "jobs" => DashboardTexts.Jobs,
        _ => DashboardTexts.Bulk,
    };

    /// <summary>What a part of a series counts.</summary>
    public static string Part(string series, string part) => (series, part) switch
    {
        ("accounts", "created") => DashboardTexts.Created,
        ("accounts", "deleted") => DashboardTexts.Deleted,
        ("bulk", "registered") => DashboardTexts.Registered,
        ("bulk", "changed") => DashboardTexts.Changed,
        ("restrictions", "lifted") => DashboardTexts.Lifted,
        ("restrictions", "networks-stopped") => DashboardTexts.NetworksStopped,
        ("restrictions", _) => Parts.AccountStatus.Word(part),
        ("jobs", "copies-requested") => DashboardTexts.CopiesRequested,
        ("jobs", "copies-succeeded") => DashboardTexts.CopiesSucceeded,
        ("jobs", "copies-failed") => DashboardTexts.CopiesFailed,
        ("jobs", "copies-cancelled") => DashboardTexts.CopiesCancelled,
        ("jobs", "mail-deletions") => DashboardTexts.MailDeletions,
        ("jobs", "account-deletions") => DashboardTexts.AccountDeletions,
        ("jobs", "domain-deletions") => DashboardTexts.DomainDeletions,
        ("mail", "received") => DashboardTexts.Received,
        ("mail", "sent") => DashboardTexts.Sent,
        ("mail", "refused") => DashboardTexts.Refused,
        ("mail", "returned") => DashboardTexts.Returned,
        ("verdicts", "ham") => DashboardTexts.Ham,
        ("verdicts", "spam") => DashboardTexts.Spam,
        ("verdicts", "virus") => DashboardTexts.Virus,
        ("verdicts", "unscanned") => DashboardTexts.Unscanned,
        ("logins", "accepted") => DashboardTexts.Accepted,
        ("logins", "credentials") => DashboardTexts.WrongPassword,
        ("logins", "restricted") => DashboardTexts.RefusedByRestriction,
        ("logins", _) => DashboardTexts.RefusedOtherwise,
        _ => part, // one of a later release
    };
}
