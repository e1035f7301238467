using System;
using System.Linq;
using System.Net.Http;
using System.Text.Json;
using System.Threading.Tasks;
using Hikyaku.Generated;

/// <summary>What a customer's program does with the client that NSwag generates from the API's document; journey.ts does the same.</summary>
public static class Journey
{
    /// <summary>Creates an account, lists, reads and deletes it, and is refused a bad name.</summary>
    public static async Task<string> RunAsync(HttpClient http, string domain)
    {
        var client = new HikyakuClient(http);

        var me = await client.GetProfileAsync();
        var problem = await ProblemOfAsync(() => client.CreateAccountAsync(domain, new CreateMailAccountBody { Name = "-", Password = "Hatsukoi-12ab" }));
        var created = await client.CreateAccountAsync(domain, new CreateMailAccountBody { Name = "jiro", Password = "Hatsukoi-12ab", CapacityMb = 20 });
        var read = await client.GetAccountAsync(created.Address);
        var listed = await client.ListAccountsAsync(domain, limit: 500, sort: Sort.CreatedAt, order: Order.Desc);
        var job = await client.DeleteAccountAsync(created.Address);

        return JsonSerializer.Serialize(new
        {
            role = me.Role,
            refused = new { status = problem.StatusCode, codes = problem.Result.Errors.Select(e => e.Code), fields = problem.Result.Errors.Select(e => e.Field) },
            created = created.Address,
            read = new { capacityMb = read.CapacityMb, restrictions = read.Restrictions?.Count },
            listed = listed.Items.Select(a => a.Address),
            job = new { kind = job.Kind, id = job.Id },
        });
    }

    private static async Task<ApiException<Problem>> ProblemOfAsync(Func<Task> call)
    {
        try
        {
            await call();
        }
        catch (ApiException<Problem> problem)
        {
            return problem;
        }

        throw new InvalidOperationException("It was not refused");
    }
}
