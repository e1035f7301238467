using System.Text;
using System.Text.Json;
using Hikyaku.Accounts.Contracts;
using Hikyaku.Contracts;
using Hikyaku.Platform.Testing;
using MassTransit;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using RabbitMQ.Client;
using Xunit;

namespace Hikyaku.Platform.Tests.Integration;

/// <summary>What a participant of deletions gets from the platform. The parcel of an account has the account's id.</summary>
[Trait("Rule", "ACC-5"), Trait("Rule", "OPS-6")]
public sealed class Deleted_accounts(OneService fixture) : IClassFixture<OneService>, IAsyncLifetime
{
    private readonly string _account = OneService.NewParcel();
    private Listener _others = null!;

    private IBus Accounts => fixture.Service.Services.GetRequiredService<IBus>();

    public async ValueTask InitializeAsync() => _others = await Listener.StartAsync(fixture.Place.Rabbit);

    public ValueTask DisposeAsync() => _others.DisposeAsync();

    [Fact]
    public async Task Nothing_personal_is_left_and_the_deletion_is_reported()
    {
        await PostLabelledAsync();

        await DeleteAsync();
        await ReportedAsync(1);

        Assert.Equal(0L, await CountAsync("select (select count(*) from mt_events e where e::text like $1) + (select count(*) from mt_doc_parcel p where p::text like $1)", "%Taro%"));
        Assert.Equal(0L, await CountAsync("select count(*) from mt_events where stream_id = $1 and headers::text like '%192.0.2.99%'", _account));
        Assert.Equal(0L, await CountAsync("select count(*) from mt_doc_note where id like $1", $"asked-{_account}-%"));
        Assert.Equal(["ParcelPosted", "ParcelLabelled"], (await fixture.EventsOfAsync(_account)).Select(e => e.Data.GetType().Name));
        await using var session = fixture.Store.QuerySession();
        Assert.Equal(("Edo", ""), await session.LoadAsync<Parcel>(_account, TestContext.Current.CancellationToken) is { } parcel ? (parcel.To, parcel.Label) : default);
    }

    [Fact]
    public async Task Its_endpoints_answer_404_from_then_on()
    {
        await PostLabelledAsync();
        Assert.Equal(200, (await fixture.Client.ReadAsUserAsync(_account)).Status);

        await DeleteAsync();
        await ReportedAsync(1);

        Assert.Equal((404, 404), ((await fixture.Client.ReadAsUserAsync(_account)).Status, (await fixture.Client.LabelAsUserAsync(_account, "late")).Status));
        Assert.Equal(2, (await fixture.EventsOfAsync(_account)).Count);
    }

    [Fact, Trait("Rule", "REL-3")]
    public async Task A_deletion_that_is_told_again_is_reported_again()
    {
        await PostLabelledAsync();

        await DeleteAsync(times: 3);

        await ReportedAsync(3);
    }

    [Fact, Trait("Rule", "REL-3")]
    public async Task An_erasure_that_fails_is_repeated_until_it_succeeds()
    {
        await PostLabelledAsync();
        var failures = 5;
        fixture.Service.Levers.BeforeErasing = account => account == _account && failures-- > 0 ? throw new TimeoutException("planted") : Task.CompletedTask;

        await DeleteAsync();
        await ReportedAsync(1);

        Assert.Equal(-1, failures);
        Assert.Equal(1, Reports());
    }

    [Fact, Trait("Rule", "REL-3")]
    public async Task An_erasure_waits_for_a_command_that_is_being_saved()
    {
        await PostLabelledAsync();
        var (begun, go) = (new TaskCompletionSource(), new TaskCompletionSource());
        fixture.Service.Levers.BeforeLabelling = () =>
        {
            begun.TrySetResult();
            return go.Task;
        };
        var labelling = fixture.Client.LabelAsUserAsync(_account, "Jiro");
        await begun.Task;

        await DeleteAsync();
        await Eventually.Async(async () => await CountAsync("select count(*) from pg_locks where locktype = 'advisory' and not granted and $1 <> ''", _account) > 0);
        Assert.Equal(0, Reports());
        go.SetResult();
        fixture.Service.Levers.BeforeLabelling = () => Task.CompletedTask;

        Assert.Equal(200, (await labelling).Status);
        await ReportedAsync(1);
        Assert.Equal(3, (await fixture.EventsOfAsync(_account)).Count);
        Assert.Equal(0L, await CountAsync("select count(*) from mt_events e where e::text like $1", "%Jiro%"));
    }

    [Fact, Trait("Rule", "REL-7")]
    public async Task A_deletion_as_earlier_releases_published_it_is_understood()
    {
        await PostLabelledAsync();
        var message = JsonSerializer.Serialize(new
        {
            messageId = Guid.NewGuid(),
            messageType = new[] { "urn:message:Hikyaku.Accounts.Contracts:MailAccountDeletionStarted", "urn:message:Hikyaku.Contracts:IDomainEvent" },
            message = new { eventId = Guid.NewGuid(), position = 7, version = 3, at = DateTimeOffset.UtcNow, by = new { role = "operator", login = "operator", address = "", via = "api", session = "" }, accountId = _account, jobId = "accounts-1" },
        });
        await using var connection = await new ConnectionFactory { Uri = new(fixture.Place.Rabbit) }.CreateConnectionAsync(TestContext.Current.CancellationToken);
        await using var channel = await connection.CreateChannelAsync(cancellationToken: TestContext.Current.CancellationToken);
        var properties = new BasicProperties { ContentType = "application/vnd.masstransit+json" };

        await channel.BasicPublishAsync("Hikyaku.Accounts.Contracts:MailAccountDeletionStarted", "", false, properties, Encoding.UTF8.GetBytes(message), TestContext.Current.CancellationToken);

        await ReportedAsync(1);
    }

    private async Task PostLabelledAsync()
    {
        Assert.Equal(201, (await fixture.Client.PostAsync(_account)).Status);
        Assert.Equal(200, (await fixture.Client.LabelAsUserAsync(_account, "Taro")).Status);
    }

    private async Task DeleteAsync(int times = 1)
    {
        var deletion = new MailAccountDeletionStarted(
            Guid.NewGuid(), 7, 3, DateTimeOffset.UtcNow, new CausedBy("operator", "operator", "192.0.2.1", "api", ""), _account, "accounts-1", "example.jp");
        for (var i = 0; i < times; i++) await Accounts.Publish(deletion, TestContext.Current.CancellationToken);
    }

    private Task ReportedAsync(int times) => Eventually.Async(() => Reports() >= times);

    private int Reports() => _others.All.Count(h => h.Message.Equals(new AccountErased(_account, "parcels")));

    private async Task<long> CountAsync(string sql, string value)
    {
        await using var database = NpgsqlDataSource.Create(fixture.Place.Database);
        await using var command = database.CreateCommand(sql);
        command.Parameters.Add(new() { Value = value });
        return (long)(await command.ExecuteScalarAsync())!;
    }
}
