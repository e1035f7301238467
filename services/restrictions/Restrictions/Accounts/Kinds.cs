namespace Hikyaku.Restrictions.Accounts;

/// <summary>The kinds of restrictions (RST-1), under the API's names.</summary>
public static class Kinds
{
    /// <summary>不正利用検知: somebody else seems to use the account. It cannot send until its password is changed.</summary>
    public const string CompromiseSuspected = "compromise-suspected";

    /// <summary>アカウントロック: a run of failed logins. Nobody logs in for a while, from one network or from all that are not known.</summary>
    public const string AccountLocked = "account-locked";

    /// <summary>メール送信ロック: mass sending. It cannot send for a day or more.</summary>
    public const string SendingLocked = "sending-locked";

    /// <summary>容量オーバー: the mailbox is full. It follows from the mailbox's size, so nobody places or lifts it.</summary>
    public const string OverCapacity = "over-capacity";

    /// <summary>What an account has of which none holds.</summary>
    public const string Normal = "normal";

    /// <summary>All of them in the order of RST-1: the first one that holds is the account's status.</summary>
    public static readonly IReadOnlyList<string> InOrder = [CompromiseSuspected, AccountLocked, SendingLocked, OverCapacity];

    /// <summary>Its place in <see cref="InOrder"/>.</summary>
    public static int RankOf(string kind) => InOrder.TakeWhile(k => k != kind).Count();

    /// <summary>Whether an operator places and lifts it.</summary>
    public static bool IsPlaced(string? kind) => kind is CompromiseSuspected or AccountLocked or SendingLocked;
}
