namespace Hikyaku.Accounts.Contracts;

/// <summary>The kinds of notices that the accounts service raises beside those of all services.</summary>
public static class NoticeKinds
{
    /// <summary>The password of an account was replaced by one that nobody knows (ACC-8).</summary>
    public const string PasswordForciblyChanged = "password-forcibly-changed";

    /// <summary>Somebody's own second factor was turned on or off, or one of its recovery codes was used (GWY-2).</summary>
    public const string SecondFactorChanged = "second-factor-changed";

    /// <summary>What a node's spam filter or virus scanner fetches is older than a day (SPM-7).</summary>
    public const string StaleDefinitions = "stale-definitions";
}
