using Hikyaku.Accounts.Credentials;
using Hikyaku.Accounts.Domains;
using Hikyaku.Accounts.MailAccounts;
using Hikyaku.Accounts.Staff;
using Hikyaku.Platform;
using Hikyaku.Platform.Testing;

namespace Hikyaku.Accounts.Tests.Specs;

[Trait("Rule", "ACC-8")]
public sealed class Deciding_about_forced_passwords
{
    private const string Password = "Hatsukoi-12ab";
    private static readonly DateTimeOffset Now = new(2026, 11, 24, 9, 0, 0, TimeSpan.Zero);
    private static readonly MailAccountCreated Taro = new("a1", "taro@example.jp", "example.jp", 1, 100, null, "c1", Now);
    private static readonly MailAccountPasswordForciblyChanged Forced = new("c2", "大量送信", Now);
    private static readonly Domain Domain = new() { Id = "example.jp", MaxAccounts = 10, MaxCapacityMb = 1_000, DefaultCapacityMb = 100, AddedAt = Now };

    private static ForcePasswordChange Force(string reason = "大量送信") => new("c2", reason, Now);

    private static ChangePassword Set(PasswordFacts facts, string password = Password) => new(password, "c3", facts, CurrentIsWrong: false, Now);

    private static ChangeMailAccount Patch(PasswordFacts facts) => new(Password, "c3", facts, null, null, Domain, new(2, 200), Now);

    [Fact]
    public void A_forced_change_takes_the_password_away_and_remembers_which_it_was()
    {
        var after = DeciderSpec<MailAccount>.Given(Taro)
            .When(state => ForcePasswordChange.Decide(Force(" 大量送信 "), state!))
            .ThenEvents(Forced);
        Assert.Equal((true, "c2", "c1"), (after!.PasswordForciblyChanged, after.CredentialId, after.FormerCredentialId));
    }

    [Fact]
    public void A_password_that_nobody_knows_is_not_replaced_again()
        => DeciderSpec<MailAccount>.Given(Taro, Forced)
            .When(state => ForcePasswordChange.Decide(Force() with { CredentialId = "c9" }, state!))
            .ThenNothing();

    [Fact]
    public void An_account_without_a_password_can_be_forced()
        => DeciderSpec<MailAccount>.Given(Taro with { CredentialId = null })
            .When(state => ForcePasswordChange.Decide(Force(), state!))
            .ThenEvents(Forced);

    [Theory]
    [InlineData("", "accounts.reason-missing@reason")]
    [InlineData(" \u3000", "accounts.reason-missing@reason")]
    [InlineData("two\nlines", "accounts.reason-characters@reason")]
    [InlineData("nul\0", "accounts.reason-characters@reason")]
    [InlineData("sep\u2028", "accounts.reason-characters@reason")]
    public void A_reason_is_needed_and_is_one_line(string reason, string rejection)
        => DeciderSpec<MailAccount>.Given(Taro)
            .When(state => ForcePasswordChange.Decide(Force(reason), state!))
            .ThenRejected(rejection);

    [Fact]
    public void A_reason_has_at_most_200_characters_also_where_nothing_would_change()
    {
        var longest = string.Concat(Enumerable.Repeat("👨‍👩‍👧", 200));
        DeciderSpec<MailAccount>.Given(Taro).When(state => ForcePasswordChange.Decide(Force(longest), state!)).ThenEvents(Forced with { Reason = longest });
        DeciderSpec<MailAccount>.Given(Taro, Forced).When(state => ForcePasswordChange.Decide(Force(longest + "x"), state!)).ThenRejected("accounts.reason-too-long@reason");
        DeciderSpec<MailAccount>.Given(Taro).When(state => ForcePasswordChange.Decide(Force("e" + new string('\u0301', 1_000)), state!)).ThenRejected("accounts.reason-too-long@reason");
    }

    [Fact]
    public void After_a_forced_change_recent_and_guessable_passwords_are_refused_by_name()
    {
        var facts = new PasswordFacts(IsRecent: true, IsGuessable: true);
        DeciderSpec<MailAccount>.Given(Taro, Forced).When(state => ChangePassword.Decide(Set(facts), state!))
            .ThenRejected("accounts.password-recent@new", "accounts.password-guessable@new");
        DeciderSpec<MailAccount>.Given(Taro, Forced).When(state => ChangeMailAccount.Decide(Patch(facts), state!))
            .ThenRejected("accounts.password-recent@password", "accounts.password-guessable@password");
    }

    [Fact]
    public void They_are_named_beside_the_rules_of_every_password()
        => DeciderSpec<MailAccount>.Given(Taro, Forced).When(state => ChangePassword.Decide(Set(new(IsGuessable: true), "password-1234"), state!))
            .ThenRejected("accounts.password-no-upper@new", "accounts.password-guessable@new");

    [Fact]
    public void A_new_password_that_is_hard_to_guess_ends_the_forced_state()
    {
        foreach (var decide in new Func<MailAccount?, Decision>[] { s => ChangePassword.Decide(Set(new()), s!), s => ChangeMailAccount.Decide(Patch(new()), s!) })
        {
            var after = DeciderSpec<MailAccount>.Given(Taro, Forced).When(decide).ThenEvents(new MailAccountPasswordChanged("c3", Now));
            Assert.Equal((false, "c3", null), (after!.PasswordForciblyChanged, after.CredentialId, after.FormerCredentialId));
        }
    }

    [Fact]
    public void On_an_ordinary_change_they_forbid_nothing()
        => DeciderSpec<MailAccount>.Given(Taro).When(state => ChangeMailAccount.Decide(Patch(new(IsRecent: true, IsGuessable: true)), state!))
            .ThenEvents(new MailAccountPasswordChanged("c3", Now));

    [Fact]
    public void A_password_like_the_current_one_is_refused_where_that_is_at_hand()
    {
        DeciderSpec<MailAccount>.Given(Taro).When(state => ChangePassword.Decide(Set(new(IsSimilar: true)), state!)).ThenRejected("accounts.password-similar@new");
        DeciderSpec<StaffMember>.Given(new StaffLoginAdded("hanako", Roles.Admin, "c1", Now))
            .When(state => ChangeStaffPassword.Decide(new(Password, "c2", IsPresentPassword: false, IsSimilar: true, CurrentIsWrong: false, OwnChoice: true, Now), state!))
            .ThenRejected("accounts.password-similar@new");
    }

    [Fact]
    public void A_change_that_something_else_needs_leaves_the_forced_state()
    {
        var after = DeciderSpec<MailAccount>.Given(Taro, Forced)
            .When(state => ChangeMailAccount.Decide(Patch(new()) with { Password = null, CapacityMb = 200 }, state!))
            .ThenEvents(new MailAccountCapacityChanged(200, Now));
        Assert.True(after!.PasswordForciblyChanged);
    }
}
