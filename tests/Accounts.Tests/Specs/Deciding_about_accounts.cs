using Hikyaku.Accounts.Credentials;
using Hikyaku.Accounts.Domains;
using Hikyaku.Accounts.MailAccounts;
using Hikyaku.Platform.Testing;

namespace Hikyaku.Accounts.Tests.Specs;

public sealed class Deciding_about_accounts
{
    private const string Password = "Hatsukoi-12ab";
    private static readonly DateTimeOffset Now = new(2026, 11, 24, 9, 0, 0, TimeSpan.Zero);

    private static readonly Domain Domain = new()
    {
        Id = "example.jp",
        MaxAccounts = 10,
        MaxCapacityMb = 1_000,
        DefaultCapacityMb = 100,
        AddedAt = Now,
    };

    private static readonly MailAccountCreated Taro = new("a1", "taro@example.jp", "example.jp", 1, 100, "営業部", "c1", Now);

    private static CreateMailAccount Create(
        string name = "taro", string? password = Password, long? capacityMb = null, string? comment = null, DomainUsage? usage = null, AddressReservation? reservation = null, int formerLives = 0)
        => new("a1", name, password, "c1", capacityMb, comment, Domain, usage ?? new(1, 100), reservation, formerLives, Now);

    private static ChangeMailAccount Change(string? password = null, bool isPresent = false, long? capacityMb = null, string? comment = null, DomainUsage? usage = null)
        => new(password, "c2", new(isPresent), capacityMb, comment, Domain, usage ?? new(2, 200), Now);

    [Fact, Trait("Rule", "ACC-3")]
    public void A_new_account_has_its_name_in_lower_case_and_the_domains_default_capacity()
        => DeciderSpec<MailAccount>.Given()
            .When(state => CreateMailAccount.Decide(Create("Taro", comment: " 営業部 "), state))
            .ThenEvents(Taro);

    [Fact, Trait("Rule", "ACC-3")]
    public void An_address_that_exists_is_refused_whatever_else_is_wrong()
        => DeciderSpec<MailAccount>.Given()
            .When(state => CreateMailAccount.Decide(Create(password: "x", reservation: new() { Id = "taro@example.jp", AccountId = "a0", Life = 1 }), state))
            .ThenRejected("accounts.already-exists@name");

    [Theory, Trait("Rule", "ACC-13")]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(1_001)]
    [InlineData(long.MaxValue)]
    [InlineData(long.MinValue)]
    public void Capacity_is_from_1_MB_to_the_domains_limit(long capacityMb)
        => DeciderSpec<MailAccount>.Given()
            .When(state => CreateMailAccount.Decide(Create(capacityMb: capacityMb), state))
            .ThenRejected("accounts.capacity-range@capacityMb");

    [Fact, Trait("Rule", "ACC-13")]
    public void The_last_MB_of_a_domain_can_be_given_and_not_one_more()
    {
        var usage = new DomainUsage(1, 600);
        DeciderSpec<MailAccount>.Given()
            .When(state => CreateMailAccount.Decide(Create(capacityMb: 400, usage: usage), state))
            .ThenEvents(Taro with { CapacityMb = 400, Comment = null });
        DeciderSpec<MailAccount>.Given()
            .When(state => CreateMailAccount.Decide(Create(capacityMb: 401, usage: usage), state))
            .ThenRejected("accounts.domain-capacity-exceeded@capacityMb");
    }

    [Fact, Trait("Rule", "ACC-13")]
    public void A_full_domain_takes_no_account_and_says_what_is_left()
    {
        var decision = CreateMailAccount.Decide(Create(usage: new(10, 100)), null);
        var rejection = Assert.Single(decision.Rejections);
        Assert.Equal("accounts.domain-accounts-exceeded", rejection.Code.Code);
        Assert.Equal(("left", 0), rejection.Values.Single());
    }

    [Theory, Trait("Rule", "ACC-3")]
    [InlineData("two\nlines", "accounts.comment-characters")]
    [InlineData("nul\0", "accounts.comment-characters")]
    [InlineData("sep\u2028", "accounts.comment-characters")]
    public void A_comment_has_no_control_characters(string comment, string code)
        => DeciderSpec<MailAccount>.Given()
            .When(state => CreateMailAccount.Decide(Create(comment: comment), state))
            .ThenRejected($"{code}@comment");

    [Fact, Trait("Rule", "ACC-3")]
    public void A_comment_of_few_characters_may_not_be_of_very_many_code_points()
        => DeciderSpec<MailAccount>.Given()
            .When(state => CreateMailAccount.Decide(Create(comment: "e" + new string('\u0301', 1000)), state))
            .ThenRejected("accounts.comment-too-long@comment");

    [Fact, Trait("Rule", "ACC-3")]
    public void A_comment_has_at_most_200_characters_as_people_count()
    {
        DeciderSpec<MailAccount>.Given()
            .When(state => CreateMailAccount.Decide(Create(comment: string.Concat(Enumerable.Repeat("👨‍👩‍👧", 200))), state))
            .ThenEvents(Taro with { Comment = string.Concat(Enumerable.Repeat("👨‍👩‍👧", 200)) });
        DeciderSpec<MailAccount>.Given()
            .When(state => CreateMailAccount.Decide(Create(comment: new string('字', 201)), state))
            .ThenRejected("accounts.comment-too-long@comment");
    }

    [Fact, Trait("Rule", "ACC-7")]
    public void Blank_fields_are_unchanged()
        => DeciderSpec<MailAccount>.Given(Taro)
            .When(state => ChangeMailAccount.Decide(Change(), state!))
            .ThenNothing();

    [Fact, Trait("Rule", "ACC-7")]
    public void Password_capacity_and_comment_change_in_one_form()
        => DeciderSpec<MailAccount>.Given(Taro)
            .When(state => ChangeMailAccount.Decide(Change(Password, capacityMb: 300, comment: "総務部"), state!))
            .ThenEvents(new MailAccountPasswordChanged("c2", Now), new MailAccountCapacityChanged(300, Now), new MailAccountCommentChanged("総務部", Now));

    [Fact, Trait("Rule", "ACC-7")]
    public void An_empty_comment_clears_it()
        => DeciderSpec<MailAccount>.Given(Taro)
            .When(state => ChangeMailAccount.Decide(Change(comment: ""), state!))
            .ThenEvents(new MailAccountCommentChanged(null, Now));

    [Fact, Trait("Rule", "ACC-7")]
    public void What_is_so_already_is_no_change()
        => DeciderSpec<MailAccount>.Given(Taro)
            .When(state => ChangeMailAccount.Decide(Change(Password, isPresent: true, capacityMb: 100, comment: "営業部"), state!))
            .ThenNothing();

    [Fact, Trait("Rule", "ACC-7")]
    public void One_broken_rule_of_the_form_changes_nothing_of_it()
        => DeciderSpec<MailAccount>.Given(Taro)
            .When(state => ChangeMailAccount.Decide(Change("short", capacityMb: 0, comment: "総務部"), state!))
            .ThenRejected(
                "accounts.password-too-short@password", "accounts.password-no-upper@password", "accounts.password-no-digit@password",
                "accounts.password-no-symbol@password", "accounts.capacity-range@capacityMb");

    [Fact, Trait("Rule", "ACC-13")]
    public void A_change_of_capacity_counts_what_the_account_gives_back()
        => DeciderSpec<MailAccount>.Given(Taro)
            .When(state => ChangeMailAccount.Decide(Change(capacityMb: 500, usage: new(5, 600)), state!))
            .ThenEvents(new MailAccountCapacityChanged(500, Now));

    [Fact, Trait("Rule", "ACC-13")]
    public void A_smaller_capacity_is_taken_even_where_the_domain_is_full()
        => DeciderSpec<MailAccount>.Given(Taro)
            .When(state => ChangeMailAccount.Decide(Change(capacityMb: 50, usage: new(10, 1_000)), state!))
            .ThenEvents(new MailAccountCapacityChanged(50, Now));

    [Fact, Trait("Rule", "ACC-7")]
    public void A_wrong_current_password_is_named_together_with_the_new_ones_faults()
        => DeciderSpec<MailAccount>.Given(Taro)
            .When(state => ChangePassword.Decide(new("taro@example.jp", "c2", new PasswordFacts(), CurrentIsWrong: true, Now), state!))
            .ThenRejected(
                "accounts.current-password-wrong@current", "accounts.password-no-upper@new", "accounts.password-no-digit@new", "accounts.password-is-name@new");
}
