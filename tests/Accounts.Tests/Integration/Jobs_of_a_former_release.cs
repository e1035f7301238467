using Hikyaku.Accounts.Verifying;
using Hikyaku.Platform;
using System.Net;
using Hikyaku.MailNode.Contracts;
using Npgsql;
using static Hikyaku.Accounts.Tests.Integration.BulkWork;

namespace Hikyaku.Accounts.Tests.Integration;

/// <summary>The tables and events of jobs as a release before 2026-11-28 has left them, and a service that starts on them.</summary>
[Trait("Rule", "REL-7"), Trait("Rule", "GWY-5")]
public sealed class Jobs_of_a_former_release(AccountsWithANode node) : IClassFixture<AccountsWithANode>
{
    private readonly AccountsService _accounts = node.Accounts;

    [Fact]
    public async Task Every_ended_job_is_answered_to_the_letter_as_before_and_rebuilt_the_same()
    {
        var domain = await _accounts.DomainAsync();
        string[] jobs =
        [
            await EndedAsync(await SendAsync(_accounts, domain, "imports", $"mail_account,password\ntaro,{AccountsService.GoodPassword}\njiro,{AccountsService.GoodPassword}\n"), "succeeded"),
            await EndedAsync(await SendAsync(_accounts, domain, "imports?dryRun=true", $"mail_account,password\nhanako,{AccountsService.GoodPassword}\n"), "succeeded"),
            await EndedAsync(await SendAsync(_accounts, domain, "imports", "mail_account,password\nhanako,weak\n"), "failed"),
            await EndedAsync(await SendAsync(_accounts, domain, "bulk-changes", "mail_account,mail_capacity\ntaro,50\nnobody,50\n"), "succeeded"),
            await DeletedMailAsync($"jiro@{domain}"),
            await DeletedAccountAsync($"jiro@{domain}"),
        ];
        jobs = [.. jobs, await EndedAsync((await _accounts.SendAsync(HttpMethod.Post, $"{jobs[3]}/undo")).Location!, "succeeded")];
        var before = await AnswersAsync(jobs);
        await using var database = NpgsqlDataSource.Create(_accounts.Database);
        await _accounts.StopAsync();
        await MakeFormerAsync(database);
        await ScalarAsync(database, $"update domain_usage set withheld_mb = 7, capacity_mb = capacity_mb + 7 where domain = '{domain}'");

        await _accounts.StartAgainAsync();
        await _accounts.RenewLeaseAsync(applied: long.MaxValue);
        Assert.Equal(before, await AnswersAsync(jobs));
        Assert.Equal((2, 200), await NumbersAsync(_accounts, domain)); // postmaster and taro, and nothing withheld
        Assert.All((await RebuildReadModels.RunAsync(AccountsVerbs.All, _accounts.Database, CancellationToken.None))!.Tables, t => Assert.Equal((0, 0, 0), (t.Changed, t.Added, t.Removed)));
        Assert.Equal(before, await AnswersAsync(jobs));
    }

    // What the present release does not write: results in columns and none in events.
    private static async Task MakeFormerAsync(NpgsqlDataSource database)
    {
        foreach (var sql in new[]
        {
            "update job set bytes = (result ->> 'freedBytes')::bigint, skipped = coalesce(result ->> 'skipped', result ->> 'leftCount')::bigint",
            "update mt_events e set data = data - 'Result' || jsonb_build_object('Bytes', j.bytes) from job j where j.id = e.stream_id and e.type = 'accounts.job-succeeded.v1'",
            "alter table job drop column result",
            "alter table bulk_job drop column lane, drop column row_order",
        }) await ScalarAsync(database, sql);
    }

    private async Task<string> EndedAsync(string job, string state)
    {
        await node.JobAsync(job, state);
        return job;
    }

    private async Task<string> DeletedMailAsync(string address)
    {
        var job = (await _accounts.SendAsync(HttpMethod.Delete, $"/api/v1/accounts/{address}/mail")).Location!;
        var id = (await _accounts.TargetAsync(address))!.AccountId;
        await node.TellAsync(new MailDataDeleted(AccountsService.Node, id, job[(job.LastIndexOf('/') + 1)..], DateTimeOffset.UtcNow, 12, 3_000_000));
        return await EndedAsync(job, "succeeded");
    }

    private async Task<string> DeletedAccountAsync(string address)
    {
        var id = (await _accounts.TargetAsync(address))!.AccountId;
        var deletion = await _accounts.SendAsync(HttpMethod.Delete, $"/api/v1/accounts/{address}");
        Assert.Equal(HttpStatusCode.Accepted, deletion.Status);
        await node.ErasedAsync(id);
        return await EndedAsync(deletion.Location!, "succeeded");
    }

    private async Task<List<string>> AnswersAsync(string[] jobs)
    {
        var answers = new List<string>();
        foreach (var job in jobs) answers.Add((await _accounts.GetAsync(job)).Text);
        answers.Add((await _accounts.GetAsync("/api/v1/jobs?limit=500")).Text);
        return answers;
    }
}
