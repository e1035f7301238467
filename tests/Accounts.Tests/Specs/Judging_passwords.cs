using System.Diagnostics;
using CsCheck;
using Hikyaku.Accounts.Credentials;

namespace Hikyaku.Accounts.Tests.Specs;

[Trait("Rule", "ACC-8")]
public sealed class Judging_passwords
{
    private static readonly Gen<char> Character = Gen.OneOf(Gen.Char['a', 'z'], Gen.Char['A', 'Z'], Gen.Char['0', '9'], Gen.Char[PasswordRules.Symbols]);
    private static readonly Gen<string> Password = Character.Array[PasswordRules.MinLength, 40].Select(c => new string(c));

    [Theory]
    [InlineData("Hatsukoi-12ab", "hATSUKOI-12AB")]
    [InlineData("Hatsukoi-12ab", "Hatsukoi-2026cd")]
    [InlineData("Hatsukoi-2025", "2026-Hatsukoi.x")]
    [InlineData("Hatsukoi-12ab", "Hatsukio-21ab")]
    [InlineData("Kaze-tachinu-34", "My.kaze-tachinu-99!")]
    public void What_keeps_its_body_or_is_a_few_corrections_away_is_similar(string current, string replacement)
        => Assert.True(SimilarPassword.Is(current, replacement));

    [Theory]
    [InlineData("Hatsukoi-12ab", "Betsu-no-98yz")]
    [InlineData("Hatsukoi-12ab", "Kaze-tachinu-34")]
    [InlineData("Hatsukoi-12ab", "ba21-iokustaH")]
    [InlineData("Hatsukoi-12ab", "Hatsu.Mode7yuki")]
    public void What_shares_little_is_not_similar(string current, string replacement) => Assert.False(SimilarPassword.Is(current, replacement));

    [Fact]
    public void Up_to_three_corrections_never_make_it_another_password()
        => Gen.Select(Password, Gen.Select(Gen.Int[0, 3], Gen.Int[0, 1_000], Character).Array[0, SimilarPassword.MaxCorrections])
            .Sample((password, corrections) => SimilarPassword.Is(password, corrections.Aggregate(password, Correct)), iter: 3_000);

    [Fact]
    public void Neither_case_nor_what_is_put_around_it_makes_it_another_password()
        => Gen.Select(Password, Character.Array[0, 12], Character.Array[0, 12])
            .Sample((password, before, after) => SimilarPassword.Is(password, new string(before) + password.ToUpperInvariant() + new string(after)), iter: 3_000);

    [Fact]
    public void It_is_the_same_either_way_round()
        => Gen.Select(Password, Password).Sample((a, b) => SimilarPassword.Is(a, b) == SimilarPassword.Is(b, a), iter: 3_000);

    [Fact]
    public void Two_that_have_no_character_in_common_are_never_similar()
        => Gen.Select(Gen.Char['a', 'm'].Array[12, 60], Gen.Char['N', 'Z'].Array[12, 60])
            .Sample((a, b) => !SimilarPassword.Is(new string(a), new string(b)), iter: 1_000);

    [Fact]
    public void What_is_longer_than_any_password_is_not_compared() => Assert.False(SimilarPassword.Is("Hatsukoi-12ab", new string('x', 1_000_000)));

    [Theory]
    [InlineData("Password-1234", true)]
    [InlineData("P@ssw0rd-2026", true)]
    [InlineData("Qwerty-12345", true)]
    [InlineData("Taro@example.jp1", true)]
    [InlineData("Aaaaaaaaaaaa-1", true)]
    [InlineData("", true)]
    [InlineData("Hatsukoi-12ab", false)]
    [InlineData("Tsukimi.7soba+Kx", false)]
    public void Words_rows_repetitions_and_ones_own_address_are_easy_to_guess(string password, bool isGuessable)
        => Assert.Equal(isGuessable, GuessablePassword.Is(password, "taro", "example.jp"));

    [Fact]
    public void The_own_address_alone_makes_a_password_guessable()
    {
        Assert.False(GuessablePassword.Is("Zuikaku@momiji.jp1", "taro", "example.jp"));
        Assert.True(GuessablePassword.Is("Zuikaku@momiji.jp1", "zuikaku", "momiji.jp"));
    }

    [Fact]
    public void Hostile_input_is_judged_in_bounded_time()
    {
        GuessablePassword.Is("warm-up", "a", "b.c");
        foreach (var hostile in new[] { new string('a', 1_000_000), string.Concat(Enumerable.Repeat("@4$1", 250_000)), new string('\ud83d', 100_000), "\0\n" })
        {
            var since = Stopwatch.GetTimestamp();
            GuessablePassword.Is(hostile, hostile, $"jp.jp.{hostile}");
            Assert.InRange(Stopwatch.GetElapsedTime(since), TimeSpan.Zero, TimeSpan.FromSeconds(2));
        }
    }

    [Fact]
    public void Many_at_once_are_judged_as_one_is()
        => Parallel.For(0, 200, i => Assert.Equal(i % 2 == 0, GuessablePassword.Is(i % 2 == 0 ? "Taro@example.jp1" : "Hatsukoi-12ab", "taro", "example.jp")));

    private static string Correct(string password, (int Kind, int Where, char With) c)
    {
        var at = c.Where % Math.Max(1, password.Length);
        return c.Kind switch
        {
            0 => password.Insert(at, c.With.ToString()),
            1 => password.Remove(at, Math.Min(1, password.Length - at)),
            2 => password[..at] + c.With + password[(at + 1)..],
            _ when at + 1 < password.Length => password[..at] + password[at + 1] + password[at] + password[(at + 2)..],
            _ => password,
        };
    }
}
