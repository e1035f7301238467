using System.Text;
using Geralt;
using Hikyaku.Accounts.Contracts;
using Hikyaku.Platform;
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
        var state = new MailboxState(id, $"{name ?? $"u{id[^12..]}"}@{domain}", domain, life, Hash(password), capacityMb, 1, node.Accounts.Next(), false, home);
        await PublishAsync(node, state);
        return new(node, state, password);
    }

    public static Task ServeAsync(MailNodeUnderTest node, string domain)
        => PublishAsync(node, new DomainState(domain, true, 1, node.Accounts.Next(), false));

    public Task<Account> ChangePasswordAsync(string password, bool wait = true) => ChangeAsync(s => s with { PasswordHash = Hash(password) }, password, wait);

    public Task<Account> ChangeCapacityAsync(int capacityMb) => ChangeAsync(s => s with { CapacityMb = capacityMb }, Password);

    /// <summary>Publishes a change; <paramref name="wait"/> until the node has reported that it obeys.</summary>
    public async Task<Account> ChangeAsync(Func<MailboxState, MailboxState> change, string? password, bool wait = true)
    {
        var state = change(State) with { Version = State.Version + 1, Position = Node.Accounts.Next() };
        await PublishAsync(Node, state, wait);
        return this with { State = state, Password = password };
    }

    public static async Task PublishAsync(MailNodeUnderTest node, object state, bool wait = true)
    {
        node.Accounts.Keep(state);
        var position = node.Accounts.Position;
        await node.Broker.PublishAsync(state);
        await node.Broker.PublishAsync(new NodeStateBookmark("accounts", position));
        if (wait) await Eventually.Async(() => node.Accounts.Applied >= position);
    }

    private static string? Hash(string? password)
    {
        if (password is null) return null;
        Span<char> hash = stackalloc char[128];
        Argon2id.ComputeHash(hash, Encoding.UTF8.GetBytes(password), 1, 8192);
        return hash.TrimEnd('\0').ToString();
    }
}
