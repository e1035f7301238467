using System.Security.Cryptography;
using Hikyaku.Accounts.Domains;
using Hikyaku.Platform.Testing;
using Microsoft.Extensions.Configuration;

namespace Hikyaku.Accounts.Tests.Specs;

public sealed class Deciding_about_dkim_keys
{
    private static readonly DateTimeOffset Now = new(2026, 11, 29, 23, 30, 0, TimeSpan.FromHours(9));
    private static readonly DkimPublicKey First = new("h20261124a", "MIIBfirst"), Second = new("h20261129a", "MIIBsecond");
    private static readonly DomainAdded Added = new("example.jp", 10, 1_000, 100, Now, First);
    private static readonly DomainDkimKeyMade Made = new(Second.Selector, Second.PublicKey, Now);

    [Fact]
    public void A_rotation_makes_the_next_key_and_the_former_one_goes_on_signing()
    {
        var domain = DeciderSpec<Domain>.Given(Added).When(state => RotateDkimKey.Decide(new(Second, false, Now), state!)).AndAgain().ThenEvents(Made);
        Assert.Equal((First, Second), (domain!.Dkim, domain.NextDkim));
    }

    [Fact]
    public void A_next_key_that_is_there_stays()
        => DeciderSpec<Domain>.Given(Added, Made).When(state => RotateDkimKey.Decide(new(new("h20261129b", "MIIBthird"), false, Now), state!)).ThenNothing();

    [Fact]
    public void An_activated_key_signs_instead_of_the_former_one()
    {
        var domain = DeciderSpec<Domain>.Given(Added, Made).When(state => RotateDkimKey.Decide(new(First, true, Now), state!))
            .AndAgain("domains.no-next-dkim-key@activate").ThenEvents(new DomainDkimKeyActivated(Second.Selector, Now));
        Assert.Equal((Second, null), (domain!.Dkim, domain.NextDkim));
    }

    [Fact]
    public void Without_a_next_key_none_is_activated()
        => DeciderSpec<Domain>.Given(Added).When(state => RotateDkimKey.Decide(new(Second, true, Now), state!)).ThenRejected("domains.no-next-dkim-key@activate");

    [Fact]
    public void A_domain_of_a_former_release_gets_its_first_key()
    {
        var domain = new object[] { Added with { Dkim = null }, Made, new DomainDkimKeyActivated(Second.Selector, Now) }.Aggregate((Domain?)null, Domain.Evolve);
        Assert.Equal((Second, null), (domain!.Dkim, domain.NextDkim));
    }

    [Theory]
    [InlineData(null, "h20261129a")]
    [InlineData("h20261128c", "h20261129a")]
    [InlineData("h20261129a", "h20261129b")]
    [InlineData("h20261129z", "h20261129za")]
    [InlineData("h20261129za", "h20261129zb")]
    public void A_selector_names_one_key_only(string? former, string expected) => Assert.Equal(expected, DkimPublicKey.NextSelector(Now, former));

    [Fact]
    public void The_records_of_both_keys_are_published()
    {
        var domain = new object[] { Added, Made }.Aggregate((Domain?)null, Domain.Evolve)!;
        Assert.Equal(
            [
                new("h20261124a._domainkey.example.jp", "TXT", "v=DKIM1; k=rsa; p=MIIBfirst", true),
                new DkimRecordView("h20261129a._domainkey.example.jp", "TXT", "v=DKIM1; k=rsa; p=MIIBsecond", false),
            ],
            DomainDnsView.Of(domain).Dkim.Expected);
    }

    [Theory]
    [InlineData(null, 2048)]
    [InlineData("1024", 1024)]
    public void A_key_is_as_long_as_recommended_or_as_set(string? set, int bits)
    {
        using var rsa = RSA.Create();
        rsa.ImportSubjectPublicKeyInfo(Convert.FromBase64String(new DkimKeys(Set(set)).Make(Now).Public.PublicKey), out _);
        Assert.Equal(bits, rsa.KeySize);
    }

    [Theory]
    [InlineData("512")]
    [InlineData("8192")]
    public void A_length_that_receivers_refuse_is_refused_at_the_start(string set)
        => Assert.Throws<InvalidOperationException>(() => new DkimKeys(Set(set)));

    private static IConfiguration Set(string? bits) => new ConfigurationBuilder().AddInMemoryCollection([new("Hikyaku:DkimKeyBits", bits)]).Build();
}
