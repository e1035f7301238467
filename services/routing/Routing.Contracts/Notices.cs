namespace Hikyaku.Routing.Contracts;

/// <summary>The kinds of notices that the routing service raises beside those of all services.</summary>
public static class NoticeKinds
{
    /// <summary>Mail of an account is forwarded to a new destination outside of the platform (RTE-11).</summary>
    public const string NewOutsideDestination = "new-outside-destination";
}
