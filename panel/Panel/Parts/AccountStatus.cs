namespace Hikyaku.Panel.Parts;

/// <summary>The words of what restricts an account (RST-1).</summary>
public static class AccountStatus
{
    /// <summary>Nothing restricts it.</summary>
    public const string Normal = "normal";

    /// <summary>The word of a restriction's kind.</summary>
    public static string Word(string kind) => kind switch
    {
        Normal => PartTexts.StatusNormal,
        "compromise-suspected" => PartTexts.StatusCompromise,
        "account-locked" => PartTexts.StatusLocked,
        "sending-locked" => PartTexts.StatusSendingLocked,
        "over-capacity" => PartTexts.StatusOverCapacity,
        _ => PartTexts.StatusRestricted, // a kind of a later release
    };
}
