import { describeTerraform } from './terraform.suite.ts';

describeTerraform(true);
