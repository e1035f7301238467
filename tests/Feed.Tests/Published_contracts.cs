using Hikyaku.Accounts.Contracts;
using Hikyaku.Contracts;

namespace Hikyaku.Feed.Tests;

/// <summary>One life of an account and what the accounts service would tell of it.</summary>
public sealed class Published_contracts(string domain, string name = "taro")
{
    private static long s_position;
    private long _version;

    public string Domain => domain;

    public string Address => $"{name}@{domain}";

    public string AccountId { get; } = Guid.CreateVersion7().ToString("N");

    public static string NewDomain() => $"d{Guid.NewGuid():N}.example.jp";

    public static CausedBy Operator { get; } = new("operator", "operator", "192.0.2.7", "api", Guid.NewGuid().ToString("N"));

    private CausedBy User => new("user", Address, "192.0.2.99", "panel", Guid.NewGuid().ToString("N"));

    public MailAccountCreated Created() => new(Guid.NewGuid(), Next(), ++_version, Now, Operator, AccountId, Address, domain, 1, 100);

    public MailAccountCapacityChanged Capacity(int megabytes) => new(Guid.NewGuid(), Next(), ++_version, Now, Operator, AccountId, megabytes, domain);

    public MailAccountPasswordChanged PasswordChanged() => new(Guid.NewGuid(), Next(), ++_version, Now, User, AccountId, domain);

    public MailAccountDeletionStarted DeletionStarted() => new(Guid.NewGuid(), Next(), ++_version, Now, Operator, AccountId, "accounts-" + Guid.NewGuid(), domain);

    public static DomainAdministratorAppointed Appointed(string domain, string login) => new(Guid.NewGuid(), Next(), 2, Now, Operator, domain, login);

    public static DomainAdministratorDismissed Dismissed(string domain, string login) => new(Guid.NewGuid(), Next(), 3, Now, Operator, domain, login);

    public static StaffPasswordChanged StaffPassword(string login) => new(Guid.NewGuid(), Next(), 2, Now, Operator, login);

    private static DateTimeOffset Now => DateTimeOffset.UtcNow;

    private static long Next() => Interlocked.Increment(ref s_position);
}
