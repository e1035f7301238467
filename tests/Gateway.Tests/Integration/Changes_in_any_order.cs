using Hikyaku.Gateway.Sessions;
using Hikyaku.Gateway.Tokens;
using Hikyaku.Platform;
using Hikyaku.Platform.Testing;
using Npgsql;

namespace Hikyaku.Gateway.Tests.Integration;

/// <summary>What the broker delivers twice, late or in another order leaves the same sessions (REL-3).</summary>
[Trait("Rule", "GWY-2"), Trait("Rule", "REL-3")]
public sealed class Changes_in_any_order : IAsyncLifetime
{
    private readonly SteppedTime _time = new();
    private NpgsqlDataSource _database = null!;
    private SessionStore _sessions = null!;

    public async ValueTask InitializeAsync()
    {
        _database = NpgsqlDataSource.Create(await PostgresServer.NewDatabaseAsync());
        await new ErasedAccountsSchema(_database).StartingAsync(default);
        var schema = new SessionSchema(_database);
        await schema.StartAsync(default);
        await schema.StartAsync(default); // as every start does
        await new TokenSchema(_database).StartAsync(default);
        _sessions = new SessionStore(_database, _time);
    }

    public ValueTask DisposeAsync() => _database.DisposeAsync();

    [Fact]
    public async Task Appointments_and_dismissals_end_with_the_newest()
    {
        var changes = new (long Position, string Domain, bool Appointed)[] { (11, "b.jp", true), (12, "a.jp", false), (13, "b.jp", false), (14, "c.jp", true), (15, "b.jp", true) };
        var seen = new HashSet<string>();
        foreach (var (order, i) in Orders.Of(changes).Select((o, i) => (o, i)))
        {
            var login = $"admin{i}";
            var token = await AddAsync(Roles.Admin, login, null, 1, "a.jp");
            foreach (var c in order.Concat(order.Take(2))) await _sessions.AppointmentAsync(login, c.Domain, c.Appointed, c.Position, _time.GetUtcNow(), default);
            seen.Add(string.Join(' ', (await _sessions.FindAsync(token))!.Domains));
        }

        Assert.Equal(["b.jp c.jp"], seen);
    }

    [Fact]
    public async Task A_change_from_before_the_sign_in_brings_nothing_back_however_late_it_comes()
    {
        var appointed = _time.GetUtcNow();
        _time.Pass(TimeSpan.FromDays(1));
        var token = await AddAsync(Roles.Admin, "admin", null, 1, "a.jp");
        await _sessions.AppointmentAsync("admin", "b.jp", true, 5, appointed, default);

        Assert.Equal(["a.jp"], (await _sessions.FindAsync(token))!.Domains);
    }

    [Fact]
    public async Task A_session_that_was_verified_before_a_password_change_never_begins_after_it()
    {
        await _sessions.PasswordChangedAsync("0123", 7, null, _time.GetUtcNow(), default);

        Assert.Null(await _sessions.FindAsync(await AddAsync(Roles.User, "taro@a.jp", "0123", 6)));
        Assert.NotNull(await _sessions.FindAsync(await AddAsync(Roles.User, "taro@a.jp", "0123", 7)));
        Assert.NotNull(await _sessions.FindAsync(await AddAsync(Roles.User, "taro@a.jp", "4567", 1))); // another life of the address
    }

    [Fact]
    public async Task Of_two_password_changes_the_later_one_says_which_session_stays()
    {
        foreach (var reversed in new[] { false, true })
        {
            var account = Guid.NewGuid().ToString("N");
            var (first, second, third) = (await SessionAsync(account, 1), await SessionAsync(account, 1), await SessionAsync(account, 5));
            var changes = new (long Version, Guid Kept)[] { (5, first.Session.Id), (9, second.Session.Id) };
            foreach (var (version, kept) in reversed ? changes.Reverse() : changes)
                await _sessions.PasswordChangedAsync(account, version, kept, _time.GetUtcNow(), default);

            _time.Pass(TimeSpan.FromSeconds(1));
            Assert.Null(await _sessions.FindAsync(first.Token));
            Assert.NotNull(await _sessions.FindAsync(second.Token));
            Assert.Null(await _sessions.FindAsync(third.Token));
        }
    }

    [Fact]
    public async Task A_session_ends_after_twelve_hours_and_is_removed()
    {
        var token = await AddAsync(Roles.User, "taro@a.jp", "0123", 1);
        await _sessions.PasswordChangedAsync("4567", 2, null, _time.GetUtcNow(), default);
        await _sessions.AppointmentAsync("admin", "a.jp", true, 1, _time.GetUtcNow(), default);
        _time.Pass(Session.Lifetime - TimeSpan.FromSeconds(1));
        Assert.NotNull(await _sessions.FindAsync(token));

        _time.Pass(TimeSpan.FromSeconds(1));
        Assert.Null(await _sessions.FindAsync(token));
        _time.Pass(TimeSpan.FromHours(2));
        Assert.False(await _sessions.CleanAsync(default));
        foreach (var table in new[] { "session", "password_change", "appointment" })
            Assert.Equal(0L, await _database.CreateCommand($"select count(*) from {table}").ExecuteScalarAsync());
    }

    [Fact]
    public async Task One_login_has_a_bounded_number_of_sessions_and_the_oldest_end()
    {
        var first = await AddAsync(Roles.User, "taro@a.jp", "0123", 1);
        for (var i = 0; i < SessionStore.MaxPerLogin; i++)
        {
            _time.Pass(TimeSpan.FromMilliseconds(1));
            await AddAsync(Roles.User, "taro@a.jp", "0123", 1);
        }

        Assert.Null(await _sessions.FindAsync(first));
        Assert.Equal((long)SessionStore.MaxPerLogin, await _database.CreateCommand("select count(*) from session").ExecuteScalarAsync());
    }

    [Fact, Trait("Rule", "SEC-4")]
    public async Task The_database_does_not_know_the_token()
    {
        var token = SessionToken.Create();
        await _sessions.AddAsync(SessionToken.HashOf(token)!.Value, NewSession(Roles.Operator, "operator", null), 1, default);

        var row = (string)(await _database.CreateCommand("select row_to_json(s)::text from session s").ExecuteScalarAsync())!;
        Assert.DoesNotContain(token, row, StringComparison.Ordinal);
    }

    private async Task<TokenHash> AddAsync(string role, string login, string? account, long version, params string[] domains)
    {
        var token = SessionToken.HashOf(SessionToken.Create())!.Value;
        await _sessions.AddAsync(token, NewSession(role, login, account, domains), version, default);
        return token;
    }

    private async Task<(TokenHash Token, Session Session)> SessionAsync(string account, long version)
    {
        var token = SessionToken.HashOf(SessionToken.Create())!.Value;
        var session = NewSession(Roles.User, "taro@a.jp", account);
        await _sessions.AddAsync(token, session, version, default);
        return (token, session);
    }

    private Session NewSession(string role, string login, string? account, params string[] domains)
        => new(Guid.CreateVersion7(_time.GetUtcNow()), role, login, account, domains, 0, false, "192.0.2.1", _time.GetUtcNow(), _time.GetUtcNow() + Session.Lifetime);
}
