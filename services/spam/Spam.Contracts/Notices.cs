namespace Hikyaku.Spam.Contracts;

/// <summary>The kinds of notices that the spam service raises beside those of all services.</summary>
public static class NoticeKinds
{
    /// <summary>The DNS or the mail server of a domain is no longer the platform's, and its accounts' spam settings do not act (SPM-5).</summary>
    public const string DomainStandingLost = "domain-standing-lost";
}
