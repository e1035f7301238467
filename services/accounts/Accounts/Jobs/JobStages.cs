namespace Hikyaku.Accounts.Jobs;

/// <summary>What bulk jobs go through. Other jobs have one part only, and say nothing of it.</summary>
public static class JobStages
{
    /// <summary>Everything in the file is looked at.</summary>
    public const string Check = "check";

    /// <summary>Addresses and room in the domain are taken.</summary>
    public const string Reserve = "reserve";

    /// <summary>The accounts come to exist.</summary>
    public const string Register = "register";

    /// <summary>The accounts are changed.</summary>
    public const string Change = "change";

    /// <summary>The mail nodes come to obey.</summary>
    public const string InForce = "in-force";

    /// <summary>The stages of a registration, by whether it only looks.</summary>
    public static IReadOnlyList<string> OfRegistration(bool dryRun) => dryRun ? [Check] : [Check, Reserve, Register, InForce];

    /// <summary>The stages of a change, by whether it only looks.</summary>
    public static IReadOnlyList<string> OfChange(bool dryRun) => dryRun ? [Check] : [Check, Change, InForce];
}
