namespace Hikyaku.Restrictions.Accounts;

/// <summary>What restrictions follow from.</summary>
public static class Rules
{
    /// <summary>An operator's decision.</summary>
    public const string Operator = "operator";

    /// <summary>Many distinct wrong passwords from one network.</summary>
    public const string WrongPasswords = "wrong-passwords";

    /// <summary>Many distinct wrong passwords from many networks.</summary>
    public const string DistributedGuessing = "distributed-guessing";

    /// <summary>A network failed on many accounts.</summary>
    public const string Spraying = "spraying";

    /// <summary>Many recipients within an hour.</summary>
    public const string RecipientsPerHour = "recipients-per-hour";

    /// <summary>Many recipients within a day.</summary>
    public const string RecipientsPerDay = "recipients-per-day";

    /// <summary>Many recipients that the account never wrote to.</summary>
    public const string FirstTimePerDay = "first-time-per-day";

    /// <summary>The domain's accounts together sent very much.</summary>
    public const string DomainRecipientsPerDay = "domain-recipients-per-day";

    /// <summary>Signs of a compromise add up.</summary>
    public const string CompromiseSigns = "compromise-signs";

    /// <summary>An operator replaced the password by one that nobody knows (ACC-8).</summary>
    public const string PasswordForced = "password-forced";

    /// <summary>It held when the former account of the address was deleted (RST-10).</summary>
    public const string FormerAccount = "former-account";
}
