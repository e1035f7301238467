using Hikyaku.Platform.Testing;
using Xunit;
using Xunit.Sdk;

namespace Hikyaku.Platform.Tests.Specs;

public class DeciderSpecs
{
    private static readonly ParcelPosted Posted = new("p1", "Edo");

    [Fact]
    public void Events_as_expected_pass_and_the_state_after_them_is_answered()
    {
        var after = DeciderSpec<Parcel>.Given(Posted).When(p => ParcelRules.Label(p!, "ink")).ThenEvents(new ParcelLabelled("ink"));

        Assert.Equal("ink", after!.Label);
    }

    [Fact]
    public void What_already_is_changes_nothing()
        => DeciderSpec<Parcel>.Given(Posted, new ParcelLabelled("ink")).When(p => ParcelRules.Label(p!, "ink")).ThenNothing();

    [Fact]
    public void Every_broken_rule_is_named_in_any_order()
        => DeciderSpec<Parcel>.Given(Posted).When(p => ParcelRules.Label(p!, new string(' ', 11)))
            .ThenRejected("parcels.label-too-long", "parcels.no-label@label");

    [Fact]
    public void A_repetition_may_be_rejected_where_the_specification_says_so()
        => DeciderSpec<Parcel>.Given().When(p => ParcelRules.Post(p, "p1", "Edo"))
            .AndAgain("parcels.already-posted").ThenEvents(Posted);

    [Fact]
    public void A_command_that_is_not_idempotent_fails()
    {
        var message = Failure(() => DeciderSpec<Parcel>.Given(Posted).When(_ => ParcelRules.Weigh(5)).ThenEvents(new ParcelWeighed(5)));

        Assert.Equal("""
            Given ParcelPosted {"parcel":"p1","to":"Edo"}
                  ParcelWeighed {"grams":5}
            When  the same command comes again
            Then  nothing (it is repeated)
            But   ParcelWeighed {"grams":5}
            """, message);
    }

    [Fact]
    public void A_repetition_that_is_rejected_without_the_specification_saying_so_fails()
    {
        var message = Failure(() => DeciderSpec<Parcel>.Given().When(p => ParcelRules.Post(p, "p1", "Edo")).ThenEvents(Posted));

        Assert.Contains("But   rejected: parcels.already-posted", message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_repetition_that_changes_nothing_though_a_rejection_was_expected_fails()
        => Failure(() => DeciderSpec<Parcel>.Given(Posted).When(p => ParcelRules.Label(p!, "ink"))
            .AndAgain("parcels.no-label").ThenEvents(new ParcelLabelled("ink")));

    [Fact]
    public void Other_events_than_expected_fail_with_both_in_the_message()
    {
        var message = Failure(() => DeciderSpec<Parcel>.Given(Posted).When(p => ParcelRules.Label(p!, "ink")).ThenEvents(new ParcelLabelled("tea")));

        Assert.Equal("""
            Given ParcelPosted {"parcel":"p1","to":"Edo"}
            When  the command comes
            Then  ParcelLabelled {"label":"tea"}
            But   ParcelLabelled {"label":"ink"}
            """, message);
    }

    [Fact]
    public void An_event_too_many_fails()
        => Failure(() => DeciderSpec<Parcel>.Given(Posted).When(p => ParcelRules.Label(p!, "ink")).ThenNothing());

    [Fact]
    public void An_event_that_is_missing_fails()
        => Failure(() => DeciderSpec<Parcel>.Given(Posted, new ParcelLabelled("ink")).When(p => ParcelRules.Label(p!, "ink"))
            .ThenEvents(new ParcelLabelled("ink")));

    [Fact]
    public void A_rejection_where_events_were_expected_fails()
        => Failure(() => DeciderSpec<Parcel>.Given(Posted).When(p => ParcelRules.Label(p!, "")).ThenEvents(new ParcelLabelled("")));

    [Fact]
    public void An_acceptance_where_a_rejection_was_expected_fails()
        => Failure(() => DeciderSpec<Parcel>.Given(Posted).When(p => ParcelRules.Label(p!, "ink")).ThenRejected("parcels.no-label"));

    [Fact]
    public void A_broken_rule_that_was_not_expected_fails()
        => Failure(() => DeciderSpec<Parcel>.Given(Posted).When(p => ParcelRules.Label(p!, new string(' ', 11))).ThenRejected("parcels.no-label"));

    [Fact]
    public void A_broken_rule_on_another_field_fails()
        => Failure(() => DeciderSpec<Parcel>.Given(Posted).When(p => ParcelRules.Label(p!, "")).ThenRejected("parcels.no-label@to"));

    [Fact]
    public void A_rejection_without_an_expected_code_fails()
        => Failure(() => DeciderSpec<Parcel>.Given(Posted).When(p => ParcelRules.Label(p!, "ink")).ThenRejected());

    private static string Failure(Action specification) => Assert.Throws<FailException>(specification).Message;
}
