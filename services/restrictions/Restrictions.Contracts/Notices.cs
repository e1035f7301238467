namespace Hikyaku.Restrictions.Contracts;

/// <summary>The kinds of notices that the restrictions service raises beside those of all services.</summary>
public static class NoticeKinds
{
    /// <summary>An account is restricted: what it cannot do, and what to do about it (RST-7).</summary>
    public const string RestrictionBegan = "restriction-began";

    /// <summary>A restriction of an account has ended.</summary>
    public const string RestrictionEnded = "restriction-ended";
}
