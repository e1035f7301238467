using Hikyaku.Accounts.Nodes;
using Hikyaku.Platform.Testing;
using Hikyaku.Platform;

namespace Hikyaku.Accounts.Tests.Specs;

public sealed class Deciding_about_nodes
{
    private static readonly DateTimeOffset Now = new(2026, 11, 24, 9, 0, 0, TimeSpan.Zero);
    private static readonly NodeAddress Address = new("10.0.0.1", 143, 110, 24, 12340);
    private static readonly MailNodeRegistered Registered = new("mail1", "10.0.0.1", 143, 110, 24, 12340, Now);

    [Fact, Trait("Rule", "NOD-3")]
    public void A_node_is_registered_by_its_first_report_and_a_repeated_one_changes_nothing()
        => DeciderSpec<RegisteredNode>.Given()
            .When(state => RegisterMailNode.Decide(new("mail1", Address, Now), state))
            .ThenEvents(Registered);

    [Fact, Trait("Rule", "NOD-3")]
    public void A_node_that_does_not_tell_where_it_is_is_not_registered_and_does_not_move()
    {
        DeciderSpec<RegisteredNode>.Given().When(state => RegisterMailNode.Decide(new("mail1", null, Now), state)).ThenNothing();
        DeciderSpec<RegisteredNode>.Given(Registered).When(state => RegisterMailNode.Decide(new("mail1", null, Now), state)).ThenNothing();
    }

    [Fact, Trait("Rule", "NOD-3")]
    public void A_node_that_is_elsewhere_now_has_moved()
    {
        var after = DeciderSpec<RegisteredNode>.Given(Registered)
            .When(state => RegisterMailNode.Decide(new("mail1", Address with { LmtpPort = 25 }, Now), state))
            .ThenEvents(new MailNodeMoved("10.0.0.1", 143, 110, 25, 12340, Now));
        Assert.Equal(25, after!.Address.LmtpPort);
    }

    [Fact, Trait("Rule", "NOD-5")]
    public void A_node_without_mailboxes_is_retired_once_and_with_some_it_is_not()
    {
        DeciderSpec<RegisteredNode>.Given(Registered)
            .When(state => RetireMailNode.Decide(new(0, Now), state!))
            .ThenEvents(new MailNodeRetired(Now));
        DeciderSpec<RegisteredNode>.Given(Registered).When(state => RetireMailNode.Decide(new(1, Now), state!)).ThenRejected("nodes.has-mailboxes");
    }

    [Fact, Trait("Rule", "NOD-5")]
    public void A_retired_node_does_not_come_back_wherever_it_is()
    {
        foreach (var address in new[] { Address, Address with { Host = "10.0.0.2" }, null })
        {
            DeciderSpec<RegisteredNode>.Given(Registered, new MailNodeRetired(Now))
                .When(state => RegisterMailNode.Decide(new("mail1", address, Now), state))
                .ThenRejected("nodes.retired");
        }
    }

    [Theory, Trait("Rule", "NOD-3")]
    [InlineData("10.0.0.1", 143, true)]
    [InlineData("fd00::1", 143, true)]
    [InlineData("mail1.example.jp", 65535, true)]
    [InlineData("", 143, false)]
    [InlineData("a b", 143, false)]
    [InlineData("x];lmtp:evil", 143, false)]
    [InlineData("10.0.0.1", 0, false)]
    [InlineData("10.0.0.1", 65536, false)]
    [InlineData("10.0.0.1", null, false)]
    public void Only_a_usable_address_is_one(string host, int? port, bool usable)
        => Assert.Equal(usable, NodeAddress.Read(new(null, null, true, null, 0, host, port, 110, 24, 12340)) is not null);

    [Fact, Trait("Rule", "NOD-2")]
    public void A_mailbox_goes_to_the_node_with_the_fewest_and_then_to_the_first_by_name()
    {
        Assert.Equal("mail2", NodePlacement.Choose([Serving("mail1", 5), Serving("mail2", 4), Serving("mail3", 4)]));
        Assert.Equal("mail1", NodePlacement.Choose([Serving("mail2", 0), Serving("mail1", 0)]));
        Assert.Equal("mail1", NodePlacement.Choose([Serving("mail1", 900), new("mail2", NodeStanding.Registered, 0), new("mail3", NodeStanding.Configured, 0)]));
        Assert.Equal("mail2", NodePlacement.Choose([new("mail2", NodeStanding.Registered, 9), new("mail1", NodeStanding.Configured, 0)]));
        Assert.Null(NodePlacement.Choose([]));
    }

    [Theory, Trait("Rule", "NOD-5")]
    [InlineData(true, 60, true, 0, "retired")]
    [InlineData(false, 0, true, 0, "expired")]
    [InlineData(false, null, true, 0, "expired")]
    [InlineData(false, 60, false, 0, "rebuilding")]
    [InlineData(false, 60, true, 11, "lagging")]
    [InlineData(false, 60, true, 2, "serving")]
    public void One_word_says_how_a_node_is(bool retired, int? leaseSeconds, bool listed, int lagSeconds, string expected)
    {
        var node = RegisteredNode.Evolve(null, Registered)! with { Retired = retired };
        var lease = leaseSeconds is { } s ? new NodeLease { Id = "mail1", Until = Now.AddSeconds(s), Applied = new Dictionary<string, long>(), Listed = listed } : null;
        Assert.Equal(expected, ReadNodes.StateOf(node, lease, new(lagSeconds, lagSeconds), Now));
    }

    private static PossibleHome Serving(string name, long mailboxes) => new(name, NodeStanding.Serving, mailboxes);
}
