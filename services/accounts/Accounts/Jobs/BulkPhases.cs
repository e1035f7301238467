namespace Hikyaku.Accounts.Jobs;

/// <summary>The phases that bulk jobs have before their point of no return, beside the platform's.</summary>
public static class BulkPhases
{
    /// <summary>The file is being looked at.</summary>
    public const string Checking = "checking";

    /// <summary>Addresses and room are being taken.</summary>
    public const string Reserving = "reserving";
}
