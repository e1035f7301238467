using System.Diagnostics;
using Hikyaku.Accounts.Contracts;
using Hikyaku.Contracts;
using Hikyaku.Platform.Testing;
using MassTransit;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Hikyaku.Platform.Tests.Integration;

/// <summary>The verb <c>verify</c> that a service gets by saying how it configures its store. Each test damages a parcel of its own.</summary>
[Trait("Rule", "REL-6")]
public sealed class Verifying_streams(OneService fixture) : IClassFixture<OneService>
{
    private readonly ParcelToDamage _parcel = new(fixture);

    [Theory]
    [InlineData("update mt_doc_parcel set data = jsonb_set(data, '{To}', '\"Kyoto\"') where id = $1", "read model", "To in mt_doc_parcel is \"Kyoto\", and must be \"Edo\"")]
    [InlineData("delete from mt_doc_parcel where id = $1", "read model", "it has no snapshot in mt_doc_parcel")]
    [InlineData("delete from mt_streams where id = $1", "read model", "it has a snapshot in mt_doc_parcel and no history")]
    [InlineData("update mt_events set type = 'parcels.forged.v1' where stream_id = $1 and version = 2", "history", "event 2 (parcels.forged.v1) cannot be read")]
    [InlineData("delete from mt_events where stream_id = $1 and version = 1", "history", "its events' versions do not run from 1 without a gap")]
    [InlineData("insert into mt_doc_note (id, data) values ($1, '{}')", "read model", "nobody has asked it")]
    public async Task A_damage_is_found_and_named(string damage, string where, string what)
    {
        await _parcel.PostAsync();
        Assert.Empty(await _parcel.FoundAsync());
        await _parcel.RunAsync(damage);
        Assert.Contains(new Disagreement(where, _parcel.Id, what), await _parcel.FoundAsync());
    }

    [Fact, Trait("Rule", "GWY-5")]
    public async Task A_list_of_jobs_that_contradicts_the_history_is_found()
    {
        await _parcel.PostAsync();
        var job = (await fixture.Client.SendAsync(HttpMethod.Post, "/sortings", new SortingBody("example.jp", [_parcel.Id]))).Location!.Split('/')[^1];
        await Eventually.Async(async () => await _parcel.RunAsync("select count(*) from job_work where id = $1 and phase = 'applied'", job) == 1);
        Assert.DoesNotContain(await _parcel.VerifyAsync(), d => d.Key == job);
        await _parcel.RunAsync("update job set finished_at = now() where id = $1", job); // it has not ended: no node obeys
        Assert.Contains(new Disagreement("read model", job, "the list of jobs has another end of it than its history"), await _parcel.VerifyAsync());
    }

    [Fact, Trait("Rule", "OPS-6")]
    public async Task What_is_left_of_a_person_whose_account_is_deleted_is_found()
    {
        await _parcel.PostAsync();
        await fixture.Service.Services.GetRequiredService<IBus>().Publish(new MailAccountDeletionStarted(
            Guid.NewGuid(), 7, 3, DateTimeOffset.UtcNow, new CausedBy("operator", "operator", "192.0.2.1", "api", ""), _parcel.Id, "accounts-1", "example.jp"), TestContext.Current.CancellationToken);
        await Eventually.Async(async () => await _parcel.RunAsync("select count(*) from erased_account where account_id = $1") == 1 && (await _parcel.FoundAsync()).Count == 0);
        await _parcel.RunAsync("update mt_events set data = jsonb_set(data, '{Label}', '\"Taro\"') where stream_id = $1 and version = 2");
        Assert.Contains(new Disagreement("history", _parcel.Id, "its account is deleted and ParcelLabelled.Label still tells of a person"), await _parcel.FoundAsync());
    }

    [Fact]
    public async Task Without_a_verb_the_program_runs_and_an_unknown_argument_of_a_verb_is_refused()
    {
        Assert.Equal(2, await ParcelService.Verbs.RunAsync(["verify", "--unknown", "1"], _ => throw new UnreachableException()));
        await Assert.ThrowsAsync<NotSupportedException>(() => ParcelService.Verbs.RunAsync(["--urls=http://127.0.0.1:0"], _ => throw new NotSupportedException("it would run")));
    }
}
