using Xunit;

namespace Hikyaku.Platform.Tests.Integration;

[Trait("Rule", "ROLE-3")]
public class Headers(OneService one) : IClassFixture<OneService>
{
    [Fact]
    public async Task An_event_says_who_caused_it_from_where_and_through_what()
    {
        var parcel = OneService.NewParcel();
        var hanako = new Caller(Roles.Admin, "花子", "s7", ["example.jp"], "2001:db8::7", "panel");
        await one.Client.PostAsync(parcel, caller: hanako);

        Assert.Equivalent(hanako, EventHeaders.CallerOf((await one.EventsOfAsync(parcel))[0]), strict: true);
    }

    [Theory, Trait("Rule", "OPS-6")]
    [InlineData(Roles.User, "token:hanako's phone", "", "token")]
    [InlineData(Roles.User, "api", "", "api")]
    [InlineData(Roles.Admin, "token:backup", "hanako", "token:backup")]
    public async Task A_masked_event_names_neither_the_user_nor_the_users_token(string role, string via, string login, string masked)
    {
        var parcel = OneService.NewParcel();
        await using (var session = one.Store.LightweightSession())
        {
            EventHeaders.Stamp(session, new Caller(role, "hanako", "s7", [], "2001:db8::7", via));
            session.Events.StartStream<Parcel>(parcel, new ParcelPosted(parcel, "Edo"));
            await session.SaveChangesAsync();
        }

        await using (var session = one.Store.LightweightSession())
        {
            PersonalDataMask.Mask(session, [parcel], new Dictionary<Type, string>());
            await session.SaveChangesAsync();
        }

        var caller = EventHeaders.CallerOf((await one.EventsOfAsync(parcel))[0]);
        Assert.Equal((login, masked, "s7"), (caller.Login, caller.Via, caller.Session));
    }

    [Fact]
    public async Task An_event_carries_the_trace_of_its_command()
    {
        const string trace = "4bf92f3577b34da6a3ce929d0e0e4736";
        var parcel = OneService.NewParcel();
        await one.Client.PostAsync(parcel);
        await one.Client.WeighAsync(parcel, traceParent: $"00-{trace}-00f067aa0ba902b7-01");
        var e = (await one.EventsOfAsync(parcel))[1];

        Assert.Matches($"^00-{trace}-[0-9a-f]{{16}}-01$", e.GetHeader(EventHeaders.TraceParent)!.ToString());
        Assert.Equal(trace, e.CorrelationId);
    }

    [Fact]
    public async Task An_event_that_nobody_caused_is_the_platforms()
    {
        var parcel = OneService.NewParcel();
        await using (var session = one.Store.LightweightSession())
        {
            session.Events.StartStream<Parcel>(parcel, new ParcelPosted(parcel, "Edo"));
            await session.SaveChangesAsync();
        }

        Assert.Equal(Caller.Platform, EventHeaders.CallerOf((await one.EventsOfAsync(parcel))[0]));
    }

    [Theory]
    [InlineData(Roles.User, 403)]
    [InlineData(Roles.Admin, 201)]
    [InlineData(Roles.Operator, 201)]
    [InlineData(Roles.Gateway, 403)]
    [Trait("Rule", "ROLE-1")]
    public async Task A_service_checks_the_role_itself(string role, int status)
        => Assert.Equal(status, (await one.Client.PostAsync(OneService.NewParcel(), caller: ParcelClient.Operator with { Role = role })).Status);
}
