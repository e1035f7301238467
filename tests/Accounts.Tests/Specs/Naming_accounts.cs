using System.Globalization;
using Hikyaku.Accounts.MailAccounts;
using Hikyaku.Platform;

namespace Hikyaku.Accounts.Tests.Specs;

public sealed class Naming_accounts
{
    [Theory, Trait("Rule", "ACC-1")]
    [InlineData("ab")]
    [InlineData("a1")]
    [InlineData("Taro.Yamada")]
    [InlineData("a-b_c.d")]
    [InlineData("0123456789")]
    [InlineData("abcdefghijklmnopqrstuvwxyz012345")]
    public void A_name_within_the_rules_is_taken(string name) => Assert.Empty(AccountName.Broken(name));

    [Theory, Trait("Rule", "ACC-1")]
    [InlineData("", "accounts.name-length")]
    [InlineData("a", "accounts.name-length")]
    [InlineData("abcdefghijklmnopqrstuvwxyz0123456", "accounts.name-length")]
    [InlineData("-ab", "accounts.name-edge")]
    [InlineData("ab.", "accounts.name-edge")]
    [InlineData("_ab_", "accounts.name-edge")]
    [InlineData("a..b", "accounts.name-dots")]
    [InlineData("a b", "accounts.name-characters")]
    [InlineData("a+b", "accounts.name-characters")]
    [InlineData("a@b", "accounts.name-characters")]
    [InlineData("太郎", "accounts.name-characters")]
    [InlineData("é1", "accounts.name-characters")]
    [InlineData("a\u0000b", "accounts.name-characters")]
    [InlineData("a\u202eb", "accounts.name-characters")]
    [InlineData("😀ab", "accounts.name-characters")]
    [InlineData("ａｂ", "accounts.name-full-width")]
    [InlineData("ab　", "accounts.name-full-width")]
    [InlineData("ta１", "accounts.name-full-width")]
    public void Each_rule_alone_is_named(string name, string code)
        => Assert.Equal([code], AccountName.Broken(name).Select(r => r.Code.Code));

    [Fact, Trait("Rule", "ACC-1")]
    public void All_broken_rules_are_named_together()
        => Assert.Equal(
            ["accounts.name-length", "accounts.name-full-width", "accounts.name-characters", "accounts.name-edge", "accounts.name-dots"],
            AccountName.Broken($".ａ 太..{new string('x', 40)}-").Select(r => r.Code.Code));

    [Fact, Trait("Rule", "ACC-1")]
    public void A_character_that_cannot_be_shown_is_named_by_its_number()
        => Assert.Contains("\"U+0007\"", Problems.Text(AccountName.Broken("a\u0007b").Single(), CultureInfo.GetCultureInfo("en")), StringComparison.Ordinal);

    [Fact, Trait("Rule", "ACC-1")]
    public void A_lone_surrogate_is_refused_like_any_other_character()
        => Assert.Equal(["accounts.name-characters"], AccountName.Broken("a\ud800b").Select(r => r.Code.Code));
}
