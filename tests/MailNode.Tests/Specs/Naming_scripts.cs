using Hikyaku.Accounts.Contracts;
using Hikyaku.Routing.Contracts;
using Microsoft.Data.Sqlite;

namespace Hikyaku.MailNode.Tests.Specs;

/// <summary>Dovecot keeps what it has compiled of a script for as long as the script's id is the same.</summary>
[Trait("Rule", "NOD-3")]
public sealed class Naming_scripts : IDisposable
{
    private static readonly DateTimeOffset Now = new(2026, 11, 30, 12, 0, 0, TimeSpan.Zero);
    private readonly SqliteConnection _replica = EmptyReplica.Open();

    public Naming_scripts() => EmptyReplica.Rows.Watch(_replica, new MailboxState("a1", "taro@example.jp", "example.jp", 1, null, 10, 1, 1, false), Now);

    public void Dispose() => _replica.Dispose();

    [Fact]
    public void Another_script_under_the_same_version_has_another_id()
    {
        var (first, second) = (IdOf("keep;\n"), IdOf("discard;\n"));
        Assert.NotEqual(first, second);
        Assert.Equal(first, IdOf("keep;\n"));
    }

    [Fact]
    public void Whoever_asks_by_a_former_id_gets_the_script_of_now()
    {
        var first = IdOf("keep;\n");
        IdOf("discard;\n");
        Assert.Equal("discard;\n", _replica.One<string>("SELECT body FROM dovecot_sieve_text WHERE address = 'taro@example.jp' AND id = $1", first));
    }

    private string IdOf(string script)
    {
        var state = new RoutingState("a1", Receives: true, Replies: false, script, [], 1, 1, Deleted: false);
        EmptyReplica.Parts.Of(state).Write(_replica, state, Now, obeyed: null);
        return _replica.One<string>("SELECT id FROM dovecot_sieve WHERE address = 'taro@example.jp'")!;
    }
}
