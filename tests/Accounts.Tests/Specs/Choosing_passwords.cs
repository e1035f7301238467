using CsCheck;
using Hikyaku.Accounts.Credentials;

namespace Hikyaku.Accounts.Tests.Specs;

public sealed class Choosing_passwords
{
    private static readonly string[] Names = ["taro.yamada", "example.jp", "taro.yamada@example.jp"];

    [Theory, Trait("Rule", "ACC-2")]
    [InlineData("Abcdefgh-1jk")]
    [InlineData("aA1#aA1#aA1#")]
    [InlineData("12345aA~67890")]
    public void A_password_within_the_rules_is_taken(string password) => Assert.Empty(PasswordRules.Broken(password, Names));

    [Fact, Trait("Rule", "ACC-2")]
    public void Every_symbol_of_the_manual_is_one()
        => Assert.All("#()+-.[]{}!<>_:*$@%^&,~", symbol => Assert.Empty(PasswordRules.Broken($"Abcdefghijk1{symbol}", Names)));

    [Theory, Trait("Rule", "ACC-2")]
    [InlineData("Abcdefg-1jk", "accounts.password-too-short")]
    [InlineData("ABCDEFGH-1JK", "accounts.password-no-lower")]
    [InlineData("abcdefgh-1jk", "accounts.password-no-upper")]
    [InlineData("Abcdefgh-ijk", "accounts.password-no-digit")]
    [InlineData("Abcdefgh1ijk", "accounts.password-no-symbol")]
    [InlineData("Abcdefgh-1j k", "accounts.password-characters")]
    [InlineData("Abcdefgh-1j/k", "accounts.password-characters")]
    [InlineData("Abcdefgh-1j\\k", "accounts.password-characters")]
    [InlineData("Abcdefgh-1jｋ", "accounts.password-characters")]
    [InlineData("Abcdefgh-1j\n", "accounts.password-characters")]
    [InlineData("Abcdef-123456", "accounts.password-digit-run")]
    public void Each_rule_alone_is_named(string password, string code)
        => Assert.Equal([code], PasswordRules.Broken(password, Names).Select(r => r.Code.Code));

    [Fact, Trait("Rule", "ACC-2")]
    public void At_most_128_characters_are_taken()
    {
        var longest = "Aa1-" + new string('x', PasswordRules.MaxLength - 4);
        Assert.Empty(PasswordRules.Broken(longest, Names));
        Assert.Equal(["accounts.password-too-long"], PasswordRules.Broken(longest + "x", Names).Select(r => r.Code.Code));
    }

    [Theory, Trait("Rule", "ACC-2")]
    [InlineData("Taro-Yamada1", "taro-yamada1")]
    [InlineData("Mail-1.Example.JP", "mail-1.example.jp")]
    [InlineData("Taro1@Example-x.jp", "taro1@example-x.jp")]
    public void It_must_not_equal_a_name_in_any_case(string password, string name)
        => Assert.Equal(["accounts.password-is-name"], PasswordRules.Broken(password, [name]).Select(r => r.Code.Code));

    [Fact, Trait("Rule", "ACC-2")]
    public void All_broken_rules_are_named_together()
        => Assert.Equal(
            [
                "accounts.password-too-short", "accounts.password-no-lower", "accounts.password-no-upper",
                "accounts.password-no-symbol", "accounts.password-characters", "accounts.password-digit-run",
            ],
            PasswordRules.Broken("123456 ", Names).Select(r => r.Code.Code));

    [Fact, Trait("Rule", "ACC-2")]
    public void No_refusal_quotes_the_password()
        => Gen.String.Sample(password =>
        {
            foreach (var rejection in PasswordRules.Broken(password, Names))
            {
                foreach (var (_, value) in rejection.Values)
                {
                    if (value is string { Length: > 8 }) Assert.Fail($"{rejection.Code.Code} says too much");
                }
            }
        });
}
