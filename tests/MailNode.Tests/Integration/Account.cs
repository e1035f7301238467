using System.Text;
using Geralt;
using Hikyaku.Accounts.Contracts;
using Hikyaku.Contracts;
using Hikyaku.Platform.Testing;

namespace Hikyaku.MailNode.Tests.Integration;

/// <summary>One account as a test has made it; each change is published as the accounts service would.</summary>
/// <param name="Node">Where.</param>
/// <param name="State">As it was published last.</param>
/// <param name="Password">Null when it has none.</param>
public sealed record Account(MailNodeUnderTest Node, MailboxState State, string? Password)
{
    /// <summary>Of an account that has one.</summary>
    public string Secret => Password ?? throw new InvalidOperationException("It has no password");

    public const string UsualPassword = "Kozutsumi-71xy";

    public string Address => State.Address;

    /// <summary>Opens one and waits until the node obeys.</summary>
    public static async Task<Account> OpenAsync(
        MailNodeUnderTest node, string? password = UsualPassword, int capacityMb = 10, string domain = "example.jp", string? name = null, int life = 1, string? home = null)
    {
        await ServeAsync(node, domain);
        var id = Guid.CreateVersion7().ToString("N");
        var hash = Hash(password);
        var state = await PublishAsync(node, at => new MailboxState(id, $"{name ?? $"u{id[^12..]}"}@{domain}", domain, life, hash, capacityMb, 1, at, false, home));
        return new(node, state, password);
    }

    public static Task ServeAsync(MailNodeUnderTest node, string domain) => PublishAsync(node, at => new DomainState(domain, true, 1, at, false));

    public Task<Account> ChangePasswordAsync(string password, bool wait = true) => ChangeAsync(s => s with { PasswordHash = Hash(password) }, password, wait);

    public Task<Account> ChangeCapacityAsync(int capacityMb) => ChangeAsync(s => s with { CapacityMb = capacityMb }, Password);

    /// <summary>Publishes a change; <paramref name="wait"/> until the node has reported that it obeys.</summary>
    public async Task<Account> ChangeAsync(Func<MailboxState, MailboxState> change, string? password, bool wait = true)
    {
        var state = change(State) with { Version = State.Version + 1 };
        state = await PublishAsync(Node, at => state with { Position = at }, wait);
        return this with { State = state, Password = password };
    }

    /// <summary>Publishes a state of the next position.</summary>
    public static async Task<T> PublishAsync<T>(MailNodeUnderTest node, Func<long, T> make, bool wait = true) where T : class
    {
        var position = 0L;
        var state = node.Accounts.Keep(at => make(position = at));
        await node.Broker.PublishAsync(state);
        await node.Broker.PublishAsync(new NodeStateBookmark("accounts", position));
        // Where no Dovecot listens a change that ends sessions is obeyed after ten seconds.
        if (wait) await Eventually.Async(() => node.Accounts.Applied >= position, TimeSpan.FromSeconds(40));
        return state;
    }

    /// <summary>Waits until nobody's session is ended any more who logs in now: that is done twice.</summary>
    public Task SessionsEndedAsync() => Eventually.Async(
        () => Node.AskReplica("SELECT count(*) FROM session_end WHERE account_id IN ($1, '*')", State.AccountId) == 0, TimeSpan.FromSeconds(40));

    private static string? Hash(string? password)
    {
        if (password is null) return null;
        Span<char> hash = stackalloc char[128];
        Argon2id.ComputeHash(hash, Encoding.UTF8.GetBytes(password), 1, 8192);
        return hash.TrimEnd('\0').ToString();
    }
}
